"""What the call for a holder's one-time link answers."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class HolderLink(BaseModel):
    """A link to 我的证书 for one holder: it works once, for 15 minutes."""

    model_config = ConfigDict(extra="allow")

    url: str
    expires_at: datetime
