/* The hot path: asks for what changed, shows it, extends the chart, and notices when nothing comes.

   Dash calls poll (each second and at each choice), extend, choose and theme. The watchdog runs on its
   own timer, so that the page says so when the server, or Dash, has stopped answering. */
(function () {
  "use strict";
  const page = (window.foreshock = window.foreshock || {});
  const parts = new Map();
  const detail = new Map();
  const seen = { version: "", detailVersion: "", detailId: "", lastAnswer: null, lastAnswerAt: null, failures: 0 };
  let config = { refresh_ms: 1000, stale_after_ms: 15000 };
  let asking = false;
  let askAgain = false;
  let chosen = null;
  let range = "24h";

  /* ---- asking ------------------------------------------------------------------------ */

  async function poll(_ticks, key, wantedRange, settings) {
    if (settings) config = settings;
    chosen = key || null;
    range = wantedRange || "24h";
    if (asking) {
      askAgain = true;
      return window.dash_clientside.no_update;
    }
    asking = true;
    try {
      let feed = await ask();
      while (askAgain) {
        askAgain = false;
        feed = (await ask()) || feed;
      }
      return feed || window.dash_clientside.no_update;
    } finally {
      asking = false;
    }
  }

  async function ask() {
    const key = chosen || "all";
    const id = `${key}|${range}`;
    if (seen.detailId !== id) {
      seen.detailVersion = "";
    }
    const query = new URLSearchParams({ key, range, since: seen.version, detail: seen.detailVersion });
    let answer;
    try {
      const response = await fetch(`api/delta?${query}`, {
        cache: "no-store",
        signal: AbortSignal.timeout(Math.max(4000, config.stale_after_ms)),
      });
      if (response.status === 204) {
        heard();
        watch();
        return null;
      }
      if (!response.ok) throw new Error(`status ${response.status}`);
      answer = await response.json();
    } catch (error) {
      seen.failures += 1;
      watch();
      return null;
    }
    heard();
    const touched = take(answer, id);
    show(touched);
    return answer.detail ? { id, version: answer.v, spikes: touched("spikes") } : null;
  }

  function heard() {
    seen.lastAnswer = performance.now();
    seen.lastAnswerAt = Date.now();
    seen.failures = 0;
  }

  /* Fold a delta into what is known; returns a test for names that changed. */
  function take(answer, id) {
    const names = new Set();
    fold(parts, answer.parts, answer.whole, names);
    seen.version = answer.v;
    if (answer.detail && answer.detail.id === id) {
      if (seen.detailId !== id) detail.clear();
      fold(detail, answer.detail.parts, answer.detail.whole, names);
      seen.detailId = id;
      if (answer.detail.whole) ["spikes", "h:", "span"].forEach((name) => names.add(name));
    }
    seen.detailVersion = seen.detailId === id ? answer.v : "";
    return (name) => names.has(name);
  }

  function fold(known, news, whole, names) {
    if (whole) {
      known.forEach((_value, name) => names.add(name));
      known.clear();
    }
    for (const [name, value] of Object.entries(news || {})) {
      names.add(name);
      if (value === null && !["span"].includes(name)) known.delete(name);
      else known.set(name, value);
    }
  }

  /* ---- showing ----------------------------------------------------------------------- */

  function show(touched) {
    const key = chosen || "all";
    const any = (prefix) => [...parts.keys()].some((name) => name.startsWith(prefix) && touched(name));
    if (touched("order") || any("row:") || any("spark:") || show.key !== key) page.showLists(parts, key, touched);
    if (touched("row:all") || touched("summary")) page.showFigures(parts);
    if (any("tremor:") || touched("marks")) page.showTremor(parts);
    if (touched("counters") || touched("summary") || touched("status")) page.showCounters(parts);
    if (touched("alerts")) page.showAlerts(parts);
    if (touched(`row:${key}`) || touched("spikes") || show.key !== key) page.showDetailHead(parts, detail, key);
    if (touched("h:") || [...detail.keys()].some((name) => name.startsWith("h:") && touched(name)) || show.key !== key) page.showHeadlines(parts, detail, key);
    if (parts.size && show.key === undefined) {
      page.showFigures(parts);
      page.showTremor(parts);
      page.showAlerts(parts);
    }
    show.key = key;
    watch();
    const spiking = (parts.get("summary") || {}).spiking;
    const row = parts.get(`row:${key}`);
    document.title = `${spiking ? `(${spiking}) ` : ""}${row && key !== "all" ? `${row.name} · ` : ""}Foreshock`;
  }

  /* ---- is it alive? ------------------------------------------------------------------ */

  const STATES = {
    empty: "Waiting for news",
    checking: "Checking",
    live: "Live",
    finished: "Finished",
    stale: "Stale",
    unreachable: "Stale",
    lost: "No connection",
    connecting: "Connecting",
  };

  function watch() {
    heedZoom();
    const status = parts.get("status");
    const silent = seen.lastAnswer === null ? null : performance.now() - seen.lastAnswer;
    const patience = Math.max(3000, Math.min(config.stale_after_ms, 3 * config.refresh_ms));
    const lost = seen.lastAnswer === null ? seen.failures > 1 : silent > patience || (seen.failures > 1 && silent > 2 * config.refresh_ms);
    let state = status ? status.state : "connecting";
    let alarm = null;
    if (lost) {
      state = "lost";
      alarm = seen.lastAnswerAt === null ? ["No answer from the server.", "Trying again."] : [`STALE since ${page.seconds(seen.lastAnswerAt)} UTC.`, "The server does not answer; what you see is what it last said."];
    } else if (state === "stale" || state === "unreachable") {
      const since = new Date(status.since);
      const day = Date.now() - status.since > 432e5 ? `${page.day(since)}, ` : "";
      alarm = [`STALE since ${day}${page.seconds(status.since)} UTC.`, `${status.reason.charAt(0).toUpperCase()}${status.reason.slice(1)}: the numbers below are of then, not of now.`];
    }
    const kind = status && status.kind;
    const name = state === "live" && kind === "demo" ? "Demo running" : state === "live" && kind === "replay" ? "Replaying" : STATES[state] || state;
    document.body.dataset.state = state;
    document.body.classList.toggle("is-stale", alarm !== null);
    page.say("state", name);
    const box = document.getElementById("alarm");
    if (box) {
      box.hidden = alarm === null;
      if (alarm && box.dataset.text !== alarm.join("|")) {
        box.dataset.text = alarm.join("|");
        box.replaceChildren(page.h("strong", {}, alarm[0]), ` ${alarm[1]}`);
      }
    }
    const clock = document.getElementById("clock");
    if (clock && status && status.now) {
      const text = `${page.date(status.now)}|${page.seconds(status.now)}`;
      if (clock.dataset.text !== text) {
        clock.dataset.text = text;
        clock.replaceChildren(page.h("span.date", {}, page.date(status.now)), page.h("b", {}, page.seconds(status.now)), page.h("span.zone", {}, "UTC"));
      }
    }
    const banner = document.getElementById("banner");
    if (banner) {
      const text = (status && status.banner) || "";
      banner.hidden = text === "";
      page.say(banner, text);
    }
  }
  window.setInterval(watch, 500);

  /* ---- the chart ---------------------------------------------------------------------- */

  /* Bring the figure that the server drew up to date with the points of the last delta. Which column a
     trace shows stands in its meta; the server's columns are in this order. */
  const COLUMNS = ["share", "usual_share", "share_low", "share_high", "negative", "usual_negative", "negative_low", "negative_high", "stories"];

  function extend(feed, figure) {
    const { no_update } = window.dash_clientside;
    const meta = figure && figure.layout && figure.layout.meta;
    if (!feed) return [no_update, no_update];
    if (!meta || meta.id !== feed.id || seen.detailId !== feed.id || feed.spikes) {
      // another key is being drawn, or a spike has come or gone: the server draws those
      return [no_update, meta && meta.id === feed.id && feed.spikes ? Date.now() : no_update];
    }
    const times = [...detail.keys()].filter((name) => name.startsWith("p:")).map((name) => Number(name.slice(2))).sort((a, b) => a - b);
    const rows = times.map((at) => detail.get(`p:${at}`));
    const x = times.map(page.plotted);
    const column = (name) => rows.map((row) => row[COLUMNS.indexOf(name)]);
    const data = figure.data.map((trace) => {
      if (!trace.meta || !trace.meta.column) return trace;
      const custom = (trace.meta.custom || []).map(column);
      const changed = { ...trace, x, y: column(trace.meta.column) };
      if (custom.length) changed.customdata = x.map((_at, i) => custom.map((values) => values[i]));
      return changed;
    });
    const layout = { ...figure.layout };
    const span = detail.get("span");
    if (span) {
      const last = page.plotted(span[1]);
      const shown = zoomed && zoomed.id === feed.id ? zoomed.range : span.map(page.plotted);
      layout.xaxis = { ...layout.xaxis, range: [...shown] };
      layout.shapes = (layout.shapes || []).map((shape) => (shape.name === "open" ? { ...shape, x1: last } : shape));
    }
    return [{ data, layout }, no_update];
  }

  /* A visitor's zoom: the range that stays while points come in, for as long as that key is shown. */
  let zoomed = null;

  function heedZoom() {
    const plot = document.querySelector("#chart .js-plotly-plot");
    if (!plot || !plot.on || plot.dataset.heeded) return;
    plot.dataset.heeded = "yes";
    plot.on("plotly_relayout", (change) => {
      const meta = (plot.layout || {}).meta;
      if (!meta || change["xaxis.range[0]"] === undefined) return;
      keepZoom({ id: meta.id, range: [String(change["xaxis.range[0]"]), String(change["xaxis.range[1]"])] });
    });
    plot.on("plotly_doubleclick", () => {
      keepZoom(null);
      const span = detail.get("span");
      if (span) window.Plotly.relayout(plot, { "xaxis.range": span.map(page.plotted) });
    });
  }

  function keepZoom(zoom) {
    zoomed = zoom;
    window.dash_clientside.set_props("zoom", { data: zoom });
  }

  /* ---- choosing ----------------------------------------------------------------------- */

  async function choose(search) {
    const asked = new URLSearchParams(search || "").get("key");
    if (asked) return asked;
    // Dash starts to poll only once a key is chosen: the first answer is fetched here
    while (parts.size === 0) {
      await ask();
      if (parts.size === 0) await new Promise((resolve) => setTimeout(resolve, config.refresh_ms));
    }
    return mostSevere();
  }

  /* Without a choice: what spikes, else all news. */
  function mostSevere() {
    const order = parts.get("order") || {};
    const spiking = ["topics", "tickers", "terms"]
      .flatMap((list) => order[list] || [])
      .find((key) => (parts.get(`row:${key}`) || {}).state === "spike");
    return spiking || "all";
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest('a[href^="?"]');
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    // dcc.Location puts it into the address bar and the history
    const search = link.getAttribute("href");
    window.dash_clientside.set_props("url", { search: search === "?" ? "" : search });
    if (window.matchMedia("(max-width: 859px)").matches && link.closest(".keys, .alerts, .tremor")) {
      document.getElementById("detail").scrollIntoView({ behavior: "smooth", block: "start" });
    }
  });

  /* ---- light and dark ------------------------------------------------------------------ */

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    try {
      return window.localStorage.getItem("foreshock-theme");
    } catch (error) {
      return null;
    }
  };
  const apply = (theme) => {
    document.documentElement.dataset.theme = theme;
    page.say("theme-toggle", theme === "dark" ? "Light" : "Dark");
    return theme;
  };
  const present = () => stored() || (dark.matches ? "dark" : "light");
  document.documentElement.dataset.theme = present();

  function theme(clicks) {
    if (!clicks) return apply(present());
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try {
      window.localStorage.setItem("foreshock-theme", next);
    } catch (error) {
      /* private windows may refuse: the choice then lasts as long as the page */
    }
    return apply(next);
  }
  dark.addEventListener("change", () => {
    if (!stored()) window.dash_clientside.set_props("theme", { data: apply(present()) });
  });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    foreshock: { poll, extend, choose, theme },
  });
})();
