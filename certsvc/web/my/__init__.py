"""The holder's own pages 我的证书, behind a one-time link or an assertion of the portal."""
