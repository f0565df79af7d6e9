// Keys, the evidence float, saving while typing, countdowns. Every page works without it.
"use strict";
(() => {
  const body = document.body;
  const shownAt = performance.now();
  const one = (selector) => document.querySelector(selector);
  const say = (text) => { const place = one("#say"); if (place) place.textContent = text; };
  const keysOff = () => localStorage.getItem("keys") === "off";

  // -- evidence in place ---------------------------------------------------------------
  const float = one("#float");
  let opened = null;
  const parser = new DOMParser();
  const policy = window.trustedTypes
    ? window.trustedTypes.createPolicy("undertone", { createHTML: (text) => text })
    : { createHTML: (text) => text };
  const put = (place, text) => {
    const page = parser.parseFromString(policy.createHTML(text), "text/html");
    place.replaceChildren(...page.body.childNodes);
  };
  const closeFloat = () => {
    if (!float || float.hidden) return false;
    float.hidden = true;
    if (opened) { opened.classList.remove("lit"); opened.focus(); }
    light(opened, false);
    opened = null;
    return true;
  };
  const light = (mark, on) => {
    if (!mark) return;
    document.querySelectorAll(`[data-mark="${mark.dataset.mark}"]`).forEach((twin) => {
      twin.classList.toggle("lit", on);
      const sentence = twin.closest(".sentence");
      if (sentence) sentence.classList.toggle("lit", on);
    });
  };
  document.addEventListener("mouseover", (event) => { const mark = event.target.closest("a.mark"); if (mark) light(mark, true); });
  document.addEventListener("mouseout", (event) => { const mark = event.target.closest("a.mark"); if (mark && mark !== opened) light(mark, false); });
  const openMark = async (mark) => {
    closeFloat();
    const answer = await fetch(`${mark.getAttribute("href")}?part=1`, { headers: { accept: "text/html" } });
    if (!answer.ok) { location.href = mark.href; return; }
    put(float, await answer.text());
    opened = mark;
    light(mark, true);
    float.hidden = false;
    const at = mark.getBoundingClientRect();
    const room = window.innerWidth - float.offsetWidth - 16;
    float.classList.remove("above");
    const below = at.bottom + float.offsetHeight + 12 < window.innerHeight;
    const top = below ? at.bottom + 6 : Math.max(8, at.top - float.offsetHeight - 6);
    place(float, Math.max(16, Math.min(at.left - 20, room)), top + window.scrollY);
    const close = float.querySelector("[data-close]");
    if (close) close.focus();
  };
  // Set through the object model: the page's policy forbids style attributes.
  const place = (box, left, top) => { box.style.left = `${left}px`; box.style.top = `${top}px`; };
  document.addEventListener("click", (event) => {
    const mark = event.target.closest("a.mark");
    if (mark && float && !event.ctrlKey && !event.metaKey) { event.preventDefault(); openMark(mark); return; }
    if (event.target.closest("[data-close]")) { closeFloat(); return; }
    if (float && !float.hidden && !event.target.closest("#float")) closeFloat();
  });

  // -- countdowns ----------------------------------------------------------------------
  const told = new Map();
  const tick = () => {
    document.querySelectorAll("[data-until]").forEach((place) => {
      const left = Math.max(0, Math.ceil((new Date(place.dataset.until) - Date.now()) / 1000));
      const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      if (place.classList.contains("left")) place.textContent = text;
      else if (place.classList.contains("row-state")) place.lastChild.textContent = left ? ` Held ${text}` : " Sending";
      const circle = place.parentElement && place.parentElement.querySelector("circle.left");
      if (circle) {
        const around = Number(circle.dataset.around);
        const total = Math.max(left, told.get(circle) || left);
        told.set(circle, total);
        circle.setAttribute("stroke-dashoffset", String(around * (1 - left / Math.max(total, 1))));
      }
      if (left === 10) say("Held 10 more seconds.");
      if (left === 0 && !place.dataset.over) { place.dataset.over = "1"; say("The hold is over."); setTimeout(refreshDelivery, 1500); }
    });
  };
  const refreshDelivery = () => { if (one(".hold") || one(".strip")) location.reload(); };
  setInterval(tick, 1000);
  tick();

  // -- counts from the server; the list never jumps --------------------------------------
  const known = {};
  document.querySelectorAll(".tab[data-tab]").forEach((tab) => { known[tab.dataset.tab] = Number(tab.querySelector("span").textContent.replace(/\D/g, "")); });
  if (body.classList.contains("inbox") && "EventSource" in window) {
    const source = new EventSource("/events");
    source.addEventListener("counts", (event) => {
      const counts = JSON.parse(event.data);
      for (const name of ["decide", "way", "unknown"]) {
        const tab = one(`.tab[data-tab="${name}"] span`);
        if (tab) tab.textContent = counts[name].toLocaleString("en");
      }
      const newer = one("#newer");
      const more = counts.decide - (known.decide || 0);
      if (newer && more > 0) { newer.hidden = false; newer.textContent = `${more} new`; say(`${more} new drafts`); }
      if (counts.stopped !== Boolean(one(".top.stopped"))) location.reload();
    });
    window.addEventListener("pagehide", () => source.close());
  }

  // -- the next draft is loaded ahead ------------------------------------------------------
  const selected = one(".row.selected");
  const following = selected && selected.nextElementSibling;
  if (following && following.href) {
    const ahead = document.createElement("link");
    ahead.rel = "prefetch";
    ahead.href = following.href;
    document.head.append(ahead);
  }
  if (selected) selected.scrollIntoView({ block: "nearest" });

  // -- a form says that it is being sent ---------------------------------------------------
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || event.target.method === "dialog") return;
    setTimeout(() => { button.disabled = true; }, 0);
    say("saving");
  });

  // -- typing is saved and checked ---------------------------------------------------------
  const edit = one("#edit-form");
  if (edit) {
    let timer = 0;
    const save = async () => {
      const answer = await fetch(edit.dataset.check, { method: "POST", body: new FormData(edit) });
      const saved = one("#saved");
      if (!answer.ok) { if (saved) saved.textContent = "Not saved"; return; }
      put(one("#edit-checks"), await answer.text());
      const at = one("#edit-checks [data-saved]");
      if (saved && at) saved.textContent = `Saved ${at.dataset.saved}`;
      const approve = one("#approve-text");
      if (approve) approve.disabled = Boolean(one("#edit-checks .open-check"));
    };
    edit.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(save, 400); });
    const approve = one("#approve-text");
    if (approve) approve.disabled = Boolean(one("#edit-checks .open-check"));
    edit.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && approve && !approve.disabled) { event.preventDefault(); approve.click(); }
      if (event.key === "F8") { const open = one("#edit-checks .open-check"); if (open) { event.preventDefault(); open.scrollIntoView(); } }
      if (event.key === "Escape") { const link = one(".editing .to-list"); if (link) location.href = link.href; }
    });
  }

  // -- keys ----------------------------------------------------------------------------------
  const dialog = one("#keys");
  const show = one("#show-keys");
  if (show && dialog) show.addEventListener("click", () => dialog.showModal());
  const off = one("#keys-off");
  if (off) { off.checked = keysOff(); off.addEventListener("change", () => localStorage.setItem("keys", off.checked ? "off" : "on")); }
  const go = (href) => { if (href) location.href = href; };
  const move = (step) => {
    const rows = [...document.querySelectorAll(".row")];
    const now = rows.findIndex((row) => row === document.activeElement);
    const from = now >= 0 ? now : rows.findIndex((row) => row.classList.contains("selected"));
    const next = rows[Math.min(rows.length - 1, Math.max(0, from + step))];
    if (next) { next.focus(); go(next.href); }
  };
  const draft = () => { const row = one(".row.selected"); return row ? row.dataset.id : (location.pathname.match(/^\/drafts\/([^/]+)/) || [])[1]; };
  const tabs = { i: "/", w: "/?tab=way", u: "/?tab=unknown", d: "/?tab=done" };
  let waits = "";
  const press = (id) => { const button = one(id); if (button && !button.disabled) { button.click(); return true; } return false; };
  const actions = {
    j: () => move(1), k: () => move(-1),
    a: () => { if (performance.now() - shownAt >= 400 && !one("#float:not([hidden])")) press("#approve"); },
    e: () => press("#edit"),
    r: () => { const reject = one(".reject"); if (reject) { reject.open = true; reject.querySelector("textarea").focus(); } },
    u: () => press("#undo") || press(".strip button"),
    t: () => go(draft() && (location.pathname.endsWith("/trace") ? `/drafts/${draft()}` : `/drafts/${draft()}/trace`)),
    v: () => go(draft() && one(".mail") && `/drafts/${draft()}/recipients`),
    "[": () => go((one("[rel=prev]") || {}).href), "]": () => go((one("[rel=next]") || {}).href),
    "/": () => { const field = one("#q"); if (field) field.focus(); },
    "?": () => { if (dialog) dialog.showModal(); },
    1: () => focusIn(0), 2: () => focusIn(1), 3: () => focusIn(2),
  };
  const focusIn = (place) => { const field = document.querySelectorAll(".unknown input[name=text]")[place]; if (field) field.focus(); };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, dialog");
    if (event.key === "Escape") {
      if (closeFloat()) return;
      const open = one("details[open]");
      if (open) { open.open = false; open.querySelector("summary").focus(); return; }
      if (typing && !edit) { event.target.blur(); return; }
      const back = one(".single .to-list");
      if (back && !edit) go(back.href);
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat || keysOff()) return;
    const key = event.key.toLowerCase();
    if (waits === "g") { waits = ""; if (tabs[key]) { event.preventDefault(); go(tabs[key]); } return; }
    if (key === "g") { waits = "g"; setTimeout(() => { waits = ""; }, 1200); return; }
    const action = actions[event.key === "?" ? "?" : key];
    if (action) { event.preventDefault(); action(); }
  });
})();
