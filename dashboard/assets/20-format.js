/* Numbers, times and elements. Text only ever becomes text: nothing here parses markup. */
(function () {
  "use strict";
  const page = (window.foreshock = window.foreshock || {});
  const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const SVG = "http://www.w3.org/2000/svg";

  const two = (number) => String(number).padStart(2, "0");

  page.time = (ms) => {
    const at = new Date(ms);
    return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  };
  page.seconds = (ms) => `${page.time(ms)}:${two(new Date(ms).getUTCSeconds())}`;
  page.day = (ms) => {
    const at = new Date(ms);
    return `${DAYS[at.getUTCDay()]} ${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`;
  };
  page.date = (ms) => `${page.day(ms)} ${new Date(ms).getUTCFullYear()}`;
  /* The time alone on the same day, else with the day. */
  page.moment = (ms, now) =>
    page.day(ms) === page.day(now) && Math.abs(now - ms) < 864e5
      ? page.time(ms)
      : `${page.day(ms)}, ${page.time(ms)}`;
  page.plotted = (ms) => new Date(ms).toISOString().slice(0, 19).replace("T", " ");

  page.duration = (ms) => {
    const seconds = Math.max(0, Math.round(ms / 1000));
    if (seconds < 60) return `${seconds} s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
    const hours = Math.floor(minutes / 60);
    return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
  };
  page.count = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  page.plural = (number, one, many) => `${page.count(number)} ${number === 1 ? one : many}`;
  page.percent = (share) => (share === null || share === undefined ? "–" : `${Math.round(share)}\u202f%`);
  page.level = (number) =>
    number === null || number === undefined ? "–" : number.toFixed(number < 10 ? 1 : 0);

  /* Make an element: page.h("a.row", {href}, child, …). Attributes are set as attributes. */
  page.h = (what, attributes, ...children) => {
    const [tag, ...classes] = what.split(".");
    const element = document.createElement(tag);
    if (classes.length) element.className = classes.join(" ");
    return fill(element, attributes, children);
  };
  page.svg = (tag, attributes, ...children) =>
    fill(document.createElementNS(SVG, tag), attributes, children);

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
    }
    for (const child of children.flat()) {
      if (child !== null && child !== undefined && child !== false) element.append(child);
    }
    return element;
  }

  /* A link for addresses of the web, and plain text for all else. */
  page.outward = (url, text, name) =>
    /^https?:\/\//i.test(url || "")
      ? page.h(`a.${name}`, { href: url, target: "_blank", rel: "noopener noreferrer" }, text)
      : page.h(`span.${name}`, {}, text);

  page.here = (key) => `?key=${encodeURIComponent(key)}`;

  /* Set text only where it differs: a screen reader is not told what did not change. */
  page.say = (id, text) => {
    const element = typeof id === "string" ? document.getElementById(id) : id;
    if (element && element.textContent !== text) element.textContent = text;
  };
})();
