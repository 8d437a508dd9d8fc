// Keeps the page of a running batch up to date; without it the page is loaded anew by itself.
"use strict";
(() => {
  const part = document.querySelector("[data-progress]");
  if (!part) return;
  const show = (told) => {
    for (const [name, value] of Object.entries({ ...told, ...told.counts })) {
      for (const place of part.querySelectorAll(`[data-is="${name}"]`)) {
        if (place instanceof HTMLProgressElement) place.value = value;
        else place.textContent = value;
      }
    }
  };
  const ask = async () => {
    try {
      const answer = await fetch(part.dataset.progress, { headers: { Accept: "application/json" } });
      // Logged out meanwhile, or away: what stands there stays, and is asked for again.
      if (answer.ok && !answer.redirected) {
        const told = await answer.json();
        show(told);
        if (told.over) return location.reload();
      }
    } catch {
      // The network is away for a moment.
    }
    setTimeout(ask, 2000);
  };
  setTimeout(ask, 2000);
})();
