/* Shows the parts that came with deltas. Each view is given all parts and touches only what changed. */
(function () {
  "use strict";
  const page = (window.foreshock = window.foreshock || {});
  const { h, svg } = page;
  const PILLS = {
    spike: ["▲", "spike"],
    elevated: ["△", "elevated"],
    usual: ["", "usual"],
    learning: ["◌", "learning"],
    quiet: ["", "quiet"],
  };
  const LISTS = ["terms", "topics", "tickers"];
  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  /* ---- rows of keys ------------------------------------------------------------------ */

  page.pill = (state) => {
    const [mark, name] = PILLS[state] || ["", state];
    return h(`span.pill.${state}`, {}, mark ? h("i", { "aria-hidden": "true" }, mark) : null, name);
  };

  page.showLists = (parts, chosen, touched) => {
    const order = parts.get("order");
    for (const list of LISTS) {
      const keys = (order && order[list]) || [];
      const section = document.getElementById(`${list}-section`);
      if (!section) return;
      section.hidden = keys.length === 0 && list !== "topics";
      // what spikes stands on top, and a list without a spike below the others
      const spiking = keys.some((key) => (parts.get(`row:${key}`) || {}).state === "spike");
      section.style.order = spiking ? "-1" : "0";
      const holder = document.getElementById(list);
      if (keys.length === 0 && list === "topics") {
        showEmpty(holder, parts);
        continue;
      }
      showRows(holder, keys, parts, chosen, touched);
    }
  };

  function showEmpty(holder, parts) {
    const status = parts.get("status") || {};
    const text =
      status.state === "empty" || !status.until
        ? "No items yet: the first stories are listed here as soon as they have been read, scored and counted. That takes about a minute."
        : "No topic has had a story yet.";
    if (holder.dataset.empty === text) return;
    holder.dataset.empty = text;
    holder.replaceChildren(h("p.empty", {}, text));
  }

  function showRows(holder, keys, parts, chosen, touched) {
    if (holder.dataset.empty) {
      delete holder.dataset.empty;
      holder.replaceChildren();
    }
    const present = new Map([...holder.children].map((row) => [row.dataset.key, row]));
    const before = new Map([...present].map(([key, row]) => [key, row.offsetTop]));
    let moved = false;
    keys.forEach((key, place) => {
      let row = present.get(key);
      const isNew = !row;
      if (isNew) row = h("a.row", { href: page.here(key), "data-key": key });
      if (isNew || touched(`row:${key}`) || touched(`spark:${key}`)) fillRow(row, key, parts);
      row.toggleAttribute("data-chosen", key === chosen);
      if (key === chosen) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
      if (holder.children[place] !== row) {
        holder.insertBefore(row, holder.children[place] || null);
        moved = moved || !isNew;
      }
      present.delete(key);
    });
    for (const gone of present.values()) gone.remove();
    if (moved && !calm()) glide(holder, before);
  }

  /* Rows that change places slide there, so that the eye can follow. */
  function glide(holder, before) {
    for (const row of holder.children) {
      const from = before.get(row.dataset.key);
      const distance = from === undefined ? 0 : from - row.offsetTop;
      if (distance !== 0) {
        row.animate([{ transform: `translateY(${distance}px)` }, { transform: "none" }], {
          duration: 420,
          easing: "cubic-bezier(.2,.7,.2,1)",
        });
      }
    }
  }

  function fillRow(row, key, parts) {
    const data = parts.get(`row:${key}`);
    if (!data) return;
    const spark = parts.get(`spark:${key}`) || [[], []];
    row.className = `row ${data.state}`;
    row.setAttribute("aria-label", described(data));
    row.replaceChildren(
      h("span.name", { title: data.name }, data.name),
      sparkline(spark),
      h("span.n", {}, String(data.negative), h("small", {}, `/${data.stories}`)),
      h("span.level", {}, page.level(data.usual)),
      h("span.share", {}, page.percent(data.share)),
      h("span.state", {}, page.pill(data.state)),
    );
  }

  function described(data) {
    const usual =
      data.usual === null ? "what is usual is not known yet" : `${page.level(data.usual)} is usual`;
    return (
      `${data.name}: ${data.state}. ${data.negative} negative of ` +
      `${page.plural(data.stories, "story", "stories")} in the last hour, ${usual}.`
    );
  }

  /* Bars of 10 minutes: negative stories from the base line up, the others pale on top of them. */
  function sparkline([negative, other]) {
    const height = 20;
    const most = Math.max(4, ...negative.map((n, i) => n + other[i]));
    const bars = (values, bases, name) =>
      svg("path", {
        class: name,
        d: values
          .map((value, i) => {
            if (!value) return "";
            const base = height - (bases[i] / most) * height;
            const top = base - Math.max(1, (value / most) * height);
            return `M${i * 3} ${base.toFixed(1)}V${top.toFixed(1)}h2V${base.toFixed(1)}z`;
          })
          .join(""),
      });
    return svg(
      "svg",
      {
        class: "spark",
        viewBox: `0 0 ${Math.max(1, negative.length) * 3 - 1} ${height}`,
        preserveAspectRatio: "none",
        "aria-hidden": "true",
      },
      bars(other, negative, "other"),
      bars(negative, negative.map(() => 0), "negative"),
    );
  }

  /* ---- overview ----------------------------------------------------------------------- */

  page.showFigures = (parts) => {
    const all = parts.get("row:all");
    const summary = parts.get("summary") || {};
    const holder = document.getElementById("figures");
    if (!holder) return;
    const figure = (value, label, note, name) =>
      h(`div.figure${name ? `.${name}` : ""}`, {}, h("p", {}, h("b", {}, value), h("span", {}, label)), h("small", {}, note));
    holder.replaceChildren(
      figure(all ? page.count(all.stories) : "–", "stories", "in the last hour"),
      figure(
        all ? page.percent(all.share) : "–",
        "negative",
        all && all.usual_share !== null ? `${page.percent(all.usual_share)} is usual now` : "usual not known yet",
      ),
      figure(
        String(summary.spiking || 0),
        summary.spiking === 1 ? "spike" : "spikes",
        "going on now",
        summary.spiking ? "hot" : "",
      ),
      figure(String(summary.alerts_day || 0), summary.alerts_day === 1 ? "alert" : "alerts", "in 24 hours"),
    );
  };

  const STEP = 6e5;
  const STEPS = 144;

  page.showTremor = (parts) => {
    const holder = document.getElementById("tremor");
    const status = parts.get("status") || {};
    if (!holder) return;
    if (!status.spark_end) {
      holder.replaceChildren(h("p.empty", {}, "No stories yet."));
      return;
    }
    const first = status.spark_end - (STEPS - 1) * STEP;
    const buckets = [];
    for (let i = 0; i < STEPS; i += 1) buckets.push(parts.get(`tremor:${first + i * STEP}`) || [0, 0]);
    const most = Math.max(6, ...buckets.map((bucket) => Math.max(bucket[0] * 1.6, bucket[1])));
    const bars = (column, sign, name) =>
      svg("path", {
        class: name,
        d: buckets
          .map((bucket, i) => {
            const size = (bucket[column] / most) * (sign < 0 ? 34 : 34);
            return size ? `M${i * 6} ${36}v${(sign * Math.max(0.8, size)).toFixed(1)}h4V36z` : "";
          })
          .join(""),
      });
    const image = svg(
      "svg",
      {
        viewBox: `0 0 ${STEPS * 6 - 2} 64`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": "Stories of the last 24 hours in steps of ten minutes: negative ones below the line, others above",
      },
      bars(1, -1, "other"),
      bars(0, 1, "negative"),
    );
    const where = (at) => `${(((at - first) / (STEPS * STEP)) * 100).toFixed(2)}%`;
    const labels = [];
    for (let at = Math.ceil(first / 216e5) * 216e5; at < first + (STEPS - 4) * STEP; at += 216e5) {
      if (at - first < 3 * STEP) continue;
      labels.push(h("span.hour", { style: `left:${where(at)}` }, page.time(at) === "00:00" ? page.day(at) : page.time(at)));
    }
    const marks = (parts.get("marks") || [])
      .filter((mark) => mark[0] > first)
      .map(([at, key, name, active]) =>
        h(
          `a.mark${active ? ".active" : ""}`,
          { href: page.here(key), style: `left:${where(at)}`, title: `${name}: spike at ${page.time(at)}`, "aria-label": `Spike of ${name} at ${page.time(at)} UTC` },
          "▲",
        ),
      );
    holder.replaceChildren(image, h("div.hours", { "aria-hidden": "true" }, ...labels), ...marks);
  };

  page.showCounters = (parts) => {
    const counters = parts.get("counters") || {};
    const status = parts.get("status") || {};
    const summary = parts.get("summary") || {};
    const holder = document.getElementById("counters");
    if (!holder) return;
    const shown = [
      ["items", "items"],
      ["stories", "stories"],
      ["scores", "scored"],
      ["late", "late"],
      ["deadletters", "dead letters"],
    ].map(([name, label]) =>
      h(`span${counters[name] && (name === "late" || name === "deadletters") ? ".warn" : ""}`, { "data-counter": name }, h("b", {}, counters[name] === undefined ? "–" : page.count(counters[name])), ` ${label}`),
    );
    const counted = status.until
      ? h("span", { title: "The newest pane ends here; all counts are of whole panes" }, "counted to ", h("b", {}, page.time(status.until)), " UTC")
      : null;
    const behind =
      summary.behind === null || summary.behind === undefined
        ? null
        : h("span", { title: "Newest heartbeat less newest pane" }, h("b", {}, page.duration(summary.behind)), " behind the heartbeat");
    holder.replaceChildren(...shown, ...[counted, behind].filter(Boolean));
  };

  /* ---- the chosen key ----------------------------------------------------------------- */

  page.showDetailHead = (parts, detail, chosen) => {
    const holder = document.getElementById("detail-head");
    const data = parts.get(`row:${chosen}`);
    if (!holder) return;
    if (!data) {
      holder.replaceChildren(h("h1", {}, chosen ? chosen.replace(/^\w+:/, "") : ""));
      return;
    }
    const strong = (value) => h("b", {}, value);
    const counted = [strong(String(data.negative)), ` of ${page.plural(data.stories, "story", "stories")} negative in the last hour`];
    const facts = [
      h("span", {}, ...counted, ...(data.usual === null ? [] : [", usually ", strong(page.level(data.usual))])),
      data.share === null
        ? null
        : h("span", {}, strong(page.percent(data.share)), ...(data.usual_share === null ? [" negative"] : [", usually ", strong(page.percent(data.usual_share))])),
      data.usual === null ? h("span", {}, "what is usual is still being learned") : null,
    ];
    const open = (detail.get("spikes") || []).find((spike) => spike.end === null);
    holder.replaceChildren(
      h("div.title", {}, h("h1", {}, data.name), page.pill(data.state)),
      h("p.facts", {}, ...facts.filter(Boolean)),
      ...(open ? [spikeNote(open, parts, data.name)] : []),
    );
    showLegend(data);
  };

  function spikeNote(spike, parts, name) {
    const now = (parts.get("status") || {}).now || spike.start;
    const others = spike.terms.filter((term) => term.slice(1, -1).toLowerCase() !== name.toLowerCase());
    const terms = others.length ? h("p.terms", {}, h("span", {}, "Together with"), ...others.map((term) => h("span", {}, term))) : null;
    return h(
      "div.spike-note",
      {},
      h("p", {}, h("strong", {}, `Spiking since ${page.moment(spike.start, now)} UTC. `), spike.reason),
      terms,
    );
  }

  function showLegend(data) {
    const holder = document.getElementById("legend");
    const text = data.days ? `usual and its range, ${page.plural(data.days, "day", "days")}` : "usual: known after three days";
    if (!holder || holder.dataset.text === text) return;
    holder.dataset.text = text;
    holder.replaceChildren(
      h("span", {}, h("i.line.observed", {}), "observed"),
      h("span", {}, h("i.line.band", {}), text),
      h("span", {}, h("i.tri", {}, "▲"), "spike"),
    );
  }

  const SOME = 10;
  let filter = "negative";
  let everything = false;
  let lastChosen = null;

  function moreButton(label, act) {
    const button = h("button.more-button", { type: "button" }, label);
    button.addEventListener("click", act);
    return button;
  }

  page.showHeadlines = (parts, detail, chosen) => {
    const holder = document.getElementById("headlines");
    if (!holder) return;
    if (lastChosen !== chosen) everything = false;
    lastChosen = chosen;
    const all = [...detail]
      .filter(([name]) => name.startsWith("h:"))
      .map(([name, headline]) => ({ ...headline, id: name.slice(2) }))
      .sort((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1));
    const now = (parts.get("status") || {}).now || 0;
    const negative = all.filter((headline) => headline.negative);
    const shown = filter === "negative" ? negative : all;
    showFilter(all.length, negative.length, () => page.showHeadlines(parts, detail, chosen));
    if (!shown.length) {
      holder.replaceChildren(h("li.empty", {}, emptyHeadlines(parts, all.length)));
      return;
    }
    const some = everything ? shown : shown.slice(0, SOME);
    const more =
      some.length < shown.length
        ? h("li.more", {}, moreButton(`Show ${shown.length - some.length} more`, () => {
            everything = true;
            page.showHeadlines(parts, detail, chosen);
          }))
        : null;
    holder.replaceChildren(...some.map((headline) => headlineItem(headline, now)), ...(more ? [more] : []));
  };

  function emptyHeadlines(parts, others) {
    const status = parts.get("status") || {};
    if (!status.until) return "No items yet: headlines appear here once the first minute is counted.";
    return others ? "No negative headline in the last 24 hours." : "No headline in the last 24 hours.";
  }

  function showFilter(all, negative, again) {
    const holder = document.getElementById("headline-filter");
    if (!holder) return;
    const button = (name, label) => {
      const element = h("button", { type: "button", "aria-pressed": String(filter === name) }, label);
      element.addEventListener("click", () => {
        filter = name;
        again();
      });
      return element;
    };
    holder.replaceChildren(button("negative", "Negative"), button("all", "All"));
  }

  function headlineItem(headline, now) {
    const copies = headline.copies
      ? h("span.copies", { title: "Further items that tell the same story" }, `+${page.plural(headline.copies, "copy", "copies")}`)
      : null;
    return h(
      "li",
      { "data-item": headline.id },
      h("time", { datetime: new Date(headline.at).toISOString() }, page.time(headline.at), h("small", {}, page.day(headline.at) === page.day(now) ? "" : page.day(headline.at))),
      sentiment(headline.p),
      h("div.story", {}, page.outward(headline.url, headline.title, "title"), h("p.by", {}, headline.publisher, copies)),
    );
  }

  function sentiment([negative, neutral, positive]) {
    const label = `negative ${negative} %, neutral ${neutral} %, positive ${positive} %`;
    return h(
      "span.sentiment",
      { role: "img", "aria-label": label, title: label },
      h("i.negative", { style: `flex-grow:${negative}` }),
      h("i.neutral", { style: `flex-grow:${neutral}` }),
      h("i.positive", { style: `flex-grow:${positive}` }),
    );
  }

  /* ---- alerts --------------------------------------------------------------------------- */

  page.showAlerts = (parts) => {
    const holder = document.getElementById("alerts");
    if (!holder) return;
    const alerts = parts.get("alerts") || [];
    const now = (parts.get("status") || {}).now || 0;
    const firing = alerts.filter((alert) => alert.state !== "resolved").length;
    page.say("alert-count", firing ? `${firing} firing` : "");
    if (!alerts.length) {
      holder.replaceChildren(
        h("p.empty", {}, "No alerts in this run. When bad news about a topic or a company comes unusually fast, the alert stands here with its reason and its headlines."),
      );
      return;
    }
    holder.replaceChildren(...alerts.map((alert) => alertCard(alert, now)));
  };

  function alertCard(alert, now) {
    const ended = alert.resolved && (page.day(alert.resolved) === page.day(alert.started) ? page.time : (at) => page.moment(at, now))(alert.resolved);
    const resolved = ended ? ` – ${ended}` : "";
    const key = alert.keys.length ? alert.keys[0][0] : "all";
    const evidence = alert.evidence.map((headline) =>
      h(
        "li",
        {},
        page.outward(headline.url, headline.title, "title"),
        h("p.by", {}, headline.publisher, ` · ${page.moment(headline.at, now)}`, headline.copies ? h("span.copies", {}, `+${page.plural(headline.copies, "copy", "copies")}`) : null),
      ),
    );
    if (alert.more) evidence.push(h("li.more", {}, `and ${alert.more} more`));
    const list = h("ul.evidence", {}, ...evidence);
    const folded =
      alert.state === "resolved"
        ? h("details", {}, h("summary", {}, page.plural(alert.evidence.length + alert.more, "headline", "headlines")), list)
        : list;
    return h(
      `article.alert.${alert.state}`,
      { "data-alert": alert.id },
      h("p.when", {}, h(`span.badge.${alert.state}`, {}, alert.state), h("time", {}, `${page.moment(alert.started, now)}${resolved}`)),
      h("h3", {}, h("a", { href: page.here(key) }, alert.title)),
      h("p.reason", {}, alert.reason),
      folded,
    );
  }
})();
