// Keeps an open page in step with the home. htmx asks every few seconds whether the page has changed and puts what
// did in place; this file tells the server what the page shows, and the reader how new it is.
"use strict";
(() => {
  const main = document.getElementById("main");
  const at = (id) => document.getElementById(id);
  const asOf = at("asof"), news = at("news"), trouble = at("trouble"), pause = at("pause");
  if (!main || !main.dataset.hxGet || !pause || !window.htmx) return;

  let told = Number(main.dataset.news);
  let paused = false;
  try { paused = sessionStorage.getItem("paused") === "yes"; } catch { /* the browser keeps nothing: not paused */ }

  const utc = (when) => when.toISOString().slice(0, 19).replace("T", " ") + " UTC";

  // say puts a sentence where it is read out, once: what stands there already is not said again.
  const say = (where, text) => { if (where.textContent !== text) where.textContent = text; };

  const showPause = () => {
    pause.setAttribute("aria-pressed", String(paused));
    say(trouble, paused ? "Updates are paused: this page stays as it is." : "");
  };

  // reached notes the time at which the server said how things are.
  const reached = (headers) => {
    const when = new Date(headers.get("Date"));
    if (isNaN(when)) return;
    const time = asOf.querySelector("time");
    time.dateTime = when.toISOString().slice(0, 19) + "Z";
    time.textContent = utc(when);
    if (!paused) say(trouble, "");
  };

  const known = () => "This page shows what was known at " + asOf.querySelector("time").textContent + ".";

  const failures = {
    401: "The console was started anew, and this page belongs to the run before. Open the address that cordon serve printed last.",
    404: "What this page is about is not there any more.",
  };

  const body = document.body;
  body.addEventListener("htmx:config:request", (e) => {
    if (paused || document.hidden) return e.preventDefault();
    if (main.dataset.state) e.detail.ctx.request.headers["If-None-Match"] = main.dataset.state;
  });
  body.addEventListener("htmx:before:response", (e) => {
    const answer = e.detail.ctx.response;
    if (answer.status === 200 || answer.status === 304) return reached(answer.headers);
    say(trouble, (failures[answer.status] || "The console cannot read the home just now.") + " " + known());
  });
  body.addEventListener("htmx:error", () => say(trouble, "The console cannot be reached. " + known()));
  body.addEventListener("htmx:after:swap", () => {
    const now = Number(main.dataset.news);
    if (now > told) {
      const n = now - told;
      say(news, n + (n === 1 ? " new finding" : " new findings") + ", first shown at " + asOf.querySelector("time").textContent + ".");
    }
    told = now;
  });

  pause.addEventListener("click", () => {
    paused = !paused;
    try { sessionStorage.setItem("paused", paused ? "yes" : "no"); } catch { /* then only for this page */ }
    showPause();
    if (!paused) htmx.trigger(main, "every");
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) htmx.trigger(main, "every"); });

  pause.hidden = false;
  showPause();
})();
