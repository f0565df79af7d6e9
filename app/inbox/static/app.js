// Keys, loading in place, evidence in place, saving while typing, countdowns, live counts.
// Every page works without it: links lead to pages and forms post.
"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const say = (text) => { const place = one("#say"); if (place) place.textContent = text; };
  const stored = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const store = (name, value) => { try { localStorage.setItem(name, value); } catch { /* private window */ } };

  // Countdowns follow the server's clock, not the browser's.
  const driftOf = (page) => page.body?.dataset.asOf ? new Date(page.body.dataset.asOf) - Date.now() : 0;
  let drift = driftOf(document);

  // A document over the wire: the parser of the request makes no markup out of a string,
  // so the policy on trusted types needs no exception.
  const fetchPage = (method, url, body) => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.responseType = "document";
    request.setRequestHeader("Accept", "text/html");
    request.onload = () => {
      if (!request.response) { reject(new Error("empty")); return; }
      request.drift = driftOf(request.response);
      resolve(request);
    };
    request.onerror = () => reject(new Error("network"));
    request.send(body);
  });

  // -- what was opened -------------------------------------------------------------------
  const opened = new Set((stored("opened") || "").split(" ").filter(Boolean));
  const showOpened = () => all(".row").forEach((row) => row.classList.toggle("opened", opened.has(row.dataset.id)));
  const markOpened = () => {
    const id = one("#card")?.dataset.id;
    const narrowList = document.body.classList.contains("narrow-list");
    if (!id || (narrowList && innerWidth < 900)) return;
    opened.delete(id); opened.add(id);
    store("opened", [...opened].slice(-500).join(" "));
    showOpened();
  };

  // -- loading in place ------------------------------------------------------------------
  let shownAt = performance.now();
  let busy = false;  // something is being decided: nothing else is loaded meanwhile
  let asked = 0;     // the latest page asked for wins
  const take = (page, selector) => {
    const theirs = one(selector, page), ours = one(selector);
    if (theirs && ours) ours.replaceWith(document.adoptNode(theirs));
  };
  const scrollOf = () => one("#rows")?.scrollTop || 0;
  const syncRows = (page, mayRemove) => {
    const theirs = new Map(all(".row", page).map((row) => [row.dataset.id, row]));
    all(".row").forEach((row) => {
      const now = theirs.get(row.dataset.id);
      if (now) { const next = document.adoptNode(now); row.replaceWith(next); } else if (mayRemove) row.remove();
    });
  };
  const show = (request, { push = true, whole = false, acted = false } = {}) => {
    const page = request.response;
    if (!one("#card", page)) { location.href = request.responseURL || location.href; return; }
    const sameList = one("#rows", page) && page.body.dataset.tab === document.body.dataset.tab
      && page.body.dataset.query === document.body.dataset.query && all(".row").length > 0;
    const top = scrollOf(), heldOpen = Boolean(one(".held-more[open]"));
    if (!one("#rows", page)) { location.href = request.responseURL; return; }
    const chosen = one(".row.selected", page)?.dataset.id;
    const came = acted && chosen && !one(`.row[data-id="${CSS.escape(chosen)}"]`);
    if (sameList && !whole && !came) syncRows(page, acted); else take(page, "#rows");
    if (!one(".row")) take(page, "#rows");
    for (const part of ["#top", "#tabs", "#strips", "#today", "#card"]) take(page, part);
    if (heldOpen && one(".held-more")) one(".held-more").open = true;
    document.title = page.title;
    drift = request.drift;
    document.body.className = page.body.className;
    document.body.dataset.tab = page.body.dataset.tab;
    document.body.dataset.query = page.body.dataset.query;
    if (!sameList || whole) document.body.dataset.asOf = page.body.dataset.asOf;
    const newer = one("#newer");
    if (newer && (!sameList || whole)) newer.hidden = true;
    if (one("#rows") && sameList && !whole) one("#rows").scrollTop = top;
    if (push) history.pushState({}, "", request.responseURL);
    started();
  };
  const load = async (url, options = {}) => {
    if (busy) return;
    const turn = ++asked;
    try {
      const answer = await ahead(url) || await fetchPage("GET", url);
      if (turn === asked) show(answer, options);
    } catch { if (turn === asked) location.href = url; }
  };

  // The next draft is loaded ahead, and used only if nothing was decided in between.
  let loaded = null;
  const ahead = async (url) => {
    const found = loaded && loaded.url === new URL(url, location).href && performance.now() - loaded.at < 20000 ? loaded.page : null;
    loaded = null;
    return found;
  };
  const loadAhead = () => {
    const next = one(".row.selected")?.nextElementSibling;
    if (!next?.href || one("#edit-form")) return;
    const url = new URL(next.href, location).href;
    fetchPage("GET", url).then((page) => { if (page.status === 200) loaded = { url, page, at: performance.now() }; }).catch(() => {});
  };
  let aheadTimer = 0;

  const started = () => {
    const card = one("#card");
    closeFloat(false);
    showOpened();
    markOpened();
    wireEdit();
    tick();
    all("[data-copy]").forEach((button) => { button.hidden = false; });
    const keys = one("#show-keys");
    if (keys) keys.hidden = false;
    one(".row.selected")?.scrollIntoView({ block: "nearest" });
    if (innerWidth < 900) scrollTo(0, 0);
    if (card && one(".notice-strip", card)) say(one(".notice-strip p", card).textContent);
    shownAt = Infinity;
    requestAnimationFrame(() => requestAnimationFrame(() => { shownAt = performance.now(); }));
    loaded = null;
    clearTimeout(aheadTimer);
    aheadTimer = setTimeout(loadAhead, 500);
  };

  const inPlace = (link) => {
    if (!document.body.classList.contains("inbox") || link.origin !== location.origin) return false;
    return link.pathname === "/" || /^\/issues\/[^/]+$/.test(link.pathname) || /^\/drafts\/[^/]+(\/(trace|edit|recipients|bytes|record))?$/.test(link.pathname);
  };
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const copy = event.target.closest("[data-copy]");
    if (copy) { navigator.clipboard?.writeText(copy.dataset.copy).then(() => { copy.textContent = "Copied"; say("Copied"); }); return; }
    if (event.target.closest("#show-keys")) { one("#keys")?.showModal(); return; }
    if (event.target.closest("[data-close]")) { closeFloat(); return; }
    const mark = event.target.closest("a.mark");
    if (mark && one("#float")) { event.preventDefault(); openMark(mark); return; }
    if (one("#float:not([hidden])") && !event.target.closest("#float")) closeFloat(false);
    all("details[open].stop, details[open].me, details[open].reject, details[open].asking").forEach((open) => { if (!open.contains(event.target)) open.open = false; });
    const link = event.target.closest("a[href]");
    if (!link || !inPlace(link) || link.getAttribute("href").startsWith("#")) return;
    event.preventDefault();
    load(link.href, { whole: "whole" in link.dataset });
  });
  addEventListener("popstate", () => load(location.href, { push: false }));

  const done = { reject: "Rejected.", another_draft: "Another draft is asked for.", escalate: "Escalated to a lead." };

  // Nothing is shown as done before the server has answered.
  document.addEventListener("submit", async (event) => {
    const form = event.target, button = event.submitter;
    if (form.method === "dialog" || !document.body.classList.contains("inbox")) return;
    if (form.method === "get") { event.preventDefault(); load(`${form.action}?${new URLSearchParams(new FormData(form))}`, { whole: true }); return; }
    if (form.action.endsWith("/sign-out")) return;
    event.preventDefault();
    if (button && "part" in button.dataset) { saveEdit(button); return; }
    if (busy) return;
    busy = true;
    asked += 1;
    const body = new FormData(form, button);
    const where = one(".busy", form.closest(".bar") || document);
    if (where) where.textContent = "saving";
    if (button) button.disabled = true;
    say("Saving");
    clearTimeout(saveTimer);
    try {
      const answer = await fetchPage("POST", button?.getAttribute("formaction") || form.action, new URLSearchParams(body));
      loaded = null;
      show(answer, { acted: true, push: answer.status === 200 });
      if (answer.status === 200 && "leaves" in form.dataset) say(done[button?.value] || "Held. Nothing has left yet.");
    } catch {
      if (where) where.textContent = "no answer: nothing is shown as done; reload to see what stands";
      if (button) button.disabled = false;
      say("The server did not answer.");
    } finally { busy = false; }
  });

  // -- evidence in place -----------------------------------------------------------------
  let lit = null;
  const light = (mark, on) => all(`[data-mark="${mark.dataset.mark}"]`).forEach((twin) => {
    twin.classList.toggle("lit", on);
    twin.closest(".sentence")?.classList.toggle("lit", on);
  });
  const closeFloat = (focus = true) => {
    const float = one("#float");
    if (!float || float.hidden) return false;
    float.hidden = true;
    if (lit) { light(lit, false); if (focus) lit.focus(); }
    lit = null;
    return true;
  };
  const openMark = async (mark) => {
    closeFloat(false);
    const float = one("#float");
    lit = mark;
    light(mark, true);
    let answer;
    try { answer = await fetchPage("GET", `${mark.getAttribute("href")}?part=1`); } catch { location.href = mark.href; return; }
    if (answer.status !== 200) { location.href = mark.href; return; }
    if (lit !== mark) return;
    float.replaceChildren(...[...answer.response.body.childNodes].map((node) => document.adoptNode(node)));
    float.setAttribute("aria-label", mark.getAttribute("aria-label"));
    float.hidden = false;
    const at = mark.getBoundingClientRect();
    const below = at.bottom + 8 + float.offsetHeight < innerHeight - 60;
    const top = below ? at.bottom + 8 : Math.max(8, at.top - float.offsetHeight - 8);
    const edge = mark.closest(".sheet, .why, .single")?.getBoundingClientRect().right || innerWidth;
    const left = Math.max(12, Math.min(at.left - 96, edge - float.offsetWidth - 22, innerWidth - float.offsetWidth - 12));
    float.style.top = `${top}px`;
    float.style.left = `${left}px`;
    float.focus({ preventScroll: true });
  };
  const otherMark = (step) => {
    const seen = new Map(all(".sheet a.mark, .why a.mark").map((mark) => [Number(mark.dataset.mark), mark]).reverse());
    const numbers = [...seen.keys()].sort((a, b) => a - b);
    const next = numbers[numbers.indexOf(Number(lit.dataset.mark)) + step];
    if (next !== undefined) { seen.get(next).scrollIntoView({ block: "nearest" }); openMark(seen.get(next)); }
  };
  for (const [name, on] of [["mouseover", true], ["mouseout", false], ["focusin", true], ["focusout", false]]) {
    document.addEventListener(name, (event) => {
      const mark = event.target.closest?.("a.mark");
      if (mark && !(lit && lit.dataset.mark === mark.dataset.mark)) light(mark, on);
    });
  }

  // -- countdowns ------------------------------------------------------------------------
  const told = new Set();
  const tick = () => all("[data-until]").forEach((place) => {
    const left = Math.max(0, Math.ceil((new Date(place.dataset.until) - Date.now() - drift) / 1000));
    const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (place.classList.contains("left")) place.textContent = text;
    else if (left) place.lastElementChild.textContent = `Held ${text}`;
    const box = place.closest(".ring-box"), circle = box && one("circle.left", box);
    if (circle) circle.setAttribute("stroke-dashoffset", String(circle.dataset.around * (1 - Math.min(1, left / box.dataset.total))));
    if (place.closest(".strip, .hold")) {
      if (left === 10 && !told.has(`10${place.dataset.until}`)) { told.add(`10${place.dataset.until}`); say("Held 10 seconds more."); }
      if (left === 0 && !told.has(place.dataset.until)) {
        told.add(place.dataset.until);
        say("The hold is over.");
        dropStrip(place.closest(".strip"));
        if (place.closest(".hold")) setTimeout(refreshCard, 900);
      }
    }
  });
  const dropStrip = (strip) => {
    strip?.remove();
    const more = one(".held-more"), left = more && all(".held-list .strip", more).length;
    if (more && left) one(".held-count", more).textContent = left; else more?.remove();
  };
  const refreshCard = () => { if (!document.activeElement?.closest("input, textarea")) load(location.href, { push: false }); };
  setInterval(tick, 1000);

  // -- live counts; the list never jumps ---------------------------------------------------
  const listen = () => {
    if (!document.body.classList.contains("inbox") || !("EventSource" in window)) return;
    const source = new EventSource(`/events?since=${encodeURIComponent(document.body.dataset.asOf)}`);
    source.addEventListener("inbox", (event) => hear(JSON.parse(event.data)));
    addEventListener("pagehide", () => source.close());
  };
  const hear = (news) => {
    for (const name of ["decide", "way", "unknown", "done"]) {
      const count = one(`.tab[data-tab="${name}"] span`);
      if (count) count.textContent = news[name].toLocaleString("en");
    }
    const known = new Set(all(".row").map((row) => row.dataset.id));
    const bar = one("#newer");
    const fresh = news.fresh.filter((id) => !known.has(id) && id !== one("#card")?.dataset.id).length;
    if (bar && document.body.dataset.tab === "decide" && !document.body.dataset.query) {
      if (fresh && bar.textContent !== `${fresh} new`) say(`${fresh} new`);
      bar.hidden = !fresh;
      bar.textContent = `${fresh} new`;
    }
    const card = one("#card");
    const now = card && news.states[card.dataset.id];
    // What was on its way and is there no more came back to be decided.
    if (card?.dataset.seen && card.dataset.seen !== now?.at && card.dataset.state !== "proposed") refreshCard();
    if (now) card.dataset.seen = now.at;
    for (const [id, state] of Object.entries(news.states)) {
      const place = one(`.row[data-id="${CSS.escape(id)}"] .row-state`);
      if (place && document.body.dataset.tab !== "decide" && !place.dataset.until && place.lastElementChild.textContent !== state.word) place.lastElementChild.textContent = state.word;
    }
    if (news.stopped !== Boolean(one("#top.stopped"))) { fetchPage("GET", location.href).then((page) => take(page.response, "#top")).catch(() => {}); }
  };

  // -- typing is saved and checked ---------------------------------------------------------
  let saveTimer = 0;
  let saving = 0;
  const saveEdit = async (button) => {
    const form = one("#edit-form");
    if (!form) return;
    clearTimeout(saveTimer);
    const turn = ++saving;
    const body = new URLSearchParams(new FormData(form));
    body.set("part", "1");
    if (button) body.append(button.name, button.value);
    const place = one("#saved");
    try {
      const answer = await fetchPage("POST", form.dataset.check, body);
      if (turn !== saving) return;
      const part = one("[data-saved]", answer.response);
      if (!part) { if (place) place.textContent = "Not saved"; say(one("h1", answer.response)?.textContent || "Not saved"); return; }
      all("[data-field]", answer.response).forEach((field) => {
        const key = field.dataset.field, text = one(`#f-${CSS.escape(key)}`, form);
        one(`#old-${CSS.escape(key)}`).replaceChildren(...one(".before", field).childNodes);
        one(`#mirror-${CSS.escape(key)}`).replaceChildren(...one(".after", field).childNodes);
        if (button && text.value !== field.dataset.text) text.value = field.dataset.text;
      });
      const open = Number(part.dataset.open);
      if (place) place.textContent = `Saved ${part.dataset.saved}`;
      one("#changes").textContent = `${part.dataset.changes}, this is what leaves`;
      const promise = one("#edit-promise b");
      promise.textContent = open ? `${open} ${open === 1 ? "check is" : "checks are"} open.` : "Nothing is open.";
      promise.classList.toggle("alert", open > 0);
      one("#approve-text").disabled = open > 0;
      one("#edit-part").replaceChildren(...answer.response.body.childNodes);
    } catch { if (place) place.textContent = "Not saved: no answer"; }
  };
  const wireEdit = () => {
    const form = one("#edit-form");
    if (!form || form.dataset.wired) return;
    form.dataset.wired = "1";
    const grow = (text) => { text.style.height = "auto"; text.style.height = `${text.scrollHeight}px`; };
    all("textarea", form).filter((text) => text.offsetParent).forEach(grow);
    one(".further", form)?.addEventListener("toggle", (event) => all("textarea", event.target).forEach(grow));
    form.addEventListener("input", (event) => {
      if (event.target.matches("textarea")) { grow(event.target); one(`#mirror-${CSS.escape(event.target.name)}`)?.replaceChildren(); }
      one("#approve-text").disabled = true;
      clearTimeout(saveTimer);
      saveTimer = setTimeout(saveEdit, 350);
    });
  };

  // -- keys --------------------------------------------------------------------------------
  const press = (name) => {
    const found = all(`[data-key="${name}"]`).find((place) => place.offsetParent !== null && !place.disabled);
    if (found) found.click();
    return Boolean(found);
  };
  const move = (step) => {
    const rows = all(".row");
    if (!rows.length) { if (step > 0) one("[data-next]")?.click(); return; }
    const now = rows.findIndex((row) => row.classList.contains("selected"));
    if (step > 0 && now === rows.length - 1 && one("[data-next]")) { one("[data-next]").click(); return; }
    const next = rows[Math.min(rows.length - 1, Math.max(0, now + step))];
    if (next && !next.classList.contains("selected")) load(next.href).then(() => one(".row.selected")?.focus({ preventScroll: true }));
  };
  const focusWay = (place) => one(`.unknown form:nth-child(${place}) input[name=text]`)?.focus();
  const tabs = { i: "decide", w: "way", u: "unknown", d: "done" };
  const actions = {
    j: () => move(1), k: () => move(-1),
    a: () => { if (one("#card .sheet")?.offsetParent && !one("#float:not([hidden])") && performance.now() - shownAt >= 400) press("a"); },
    e: () => press("e"),
    r: () => { const reject = one(".reject"); if (reject) { reject.open = true; one("textarea", reject).focus(); } },
    n: () => { const another = one(".another"); if (another) { one(".asking").open = true; another.open = true; one("textarea", another).focus(); } },
    ".": () => { const more = one(".asking"); if (more) { more.open = !more.open; one(more.open ? ".ask > summary" : "summary", more).focus(); } },
    u: () => press("u") || one(".strip button")?.click(),
    t: () => press("t"), v: () => press("v"), w: () => press("w"),
    "[": () => lit ? otherMark(-1) : one("[rel=prev]")?.click(),
    "]": () => lit ? otherMark(1) : one("[rel=next]")?.click(),
    "/": () => { const field = one("#q"); if (field) { location.hash || field.focus(); field.focus(); field.select(); } },
    "?": () => one("#keys")?.showModal(),
    1: () => focusWay(1), 2: () => focusWay(2), 3: () => focusWay(3),
  };
  let waits = false;
  const escape = (typing) => {
    if (closeFloat()) return;
    const open = one("details[open]:not(.numbers)");
    if (open) { open.open = false; one("summary", open).focus(); return; }
    if (typing && !typing.closest("#edit-form")) { typing.blur(); return; }
    if (typing) { saveEdit().then(() => one("#edit-form [data-back]")?.click()); return; }
    const back = one("#card [data-back]");
    const from = document.referrer.startsWith(`${location.origin}/`);
    if (back && from && document.body.classList.contains("page")) history.back(); else back?.click();
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (event.target.closest("dialog")) return;
    if (event.key === "Escape") { escape(typing); return; }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && one("#edit-form")) {
      event.preventDefault();
      const approve = one("#approve-text");
      if (!event.repeat && approve && !approve.disabled && performance.now() - shownAt >= 400) approve.click();
      return;
    }
    if (event.key === "F8" && one("#edit-form")) {
      event.preventDefault();
      const open = all("#edit-part .open-check"), now = open.indexOf(document.activeElement.closest(".open-check"));
      open[(now + 1) % open.length]?.focus();
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || stored("keys") === "off") return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.repeat && key !== "j" && key !== "k") { if (actions[key]) event.preventDefault(); return; }
    if (waits) { waits = false; if (tabs[key]) { event.preventDefault(); one(`.tab[data-tab="${tabs[key]}"]`)?.click(); } return; }
    if (key === "g") { waits = true; setTimeout(() => { waits = false; }, 1500); return; }
    if (actions[key]) { event.preventDefault(); actions[key](); }
  });
  const off = one("#keys-off");
  if (off) { off.checked = stored("keys") === "off"; off.addEventListener("change", () => store("keys", off.checked ? "off" : "on")); }

  started();
  listen();
})();
