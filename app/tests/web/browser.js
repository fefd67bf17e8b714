// Stands in for what the browser does with a page: its clock, downloads, and who looks at it.
(() => {
  const { fakes } = window;
  fakes.saved = [];
  fakes.skipped = 0;

  // The page's own clock, which a story can turn on.
  const now = Performance.prototype.now;
  performance.now = () => now.call(performance) + window.fakes.skipped;

  // What happens every second happens soon.
  const setInterval = (window.realSetInterval ??= window.setInterval);
  window.setInterval = (tick, milliseconds) => setInterval(tick, Math.min(milliseconds, 50));

  // A download is remembered instead of being saved.
  const click = (window.realClick ??= HTMLElement.prototype.click);
  const blobs = {};
  const createObjectURL = (window.realCreateObjectURL ??= URL.createObjectURL);
  URL.createObjectURL = (blob) => {
    const url = createObjectURL.call(URL, blob);
    blobs[url] = blob;
    return url;
  };
  HTMLElement.prototype.click = function () {
    if (!this.download) return click.call(this);
    blobs[this.href].text().then((text) => fakes.saved.push([this.download, text]));
  };

  fakes.lookAway = () => {
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    delete document.visibilityState;
  };

  // What a screen reader says of each field that can be reached: its name, what describes it, and
  // whether it is wrong.
  fakes.fields = () => {
    const texts = (ids) => ids.split(" ").map((id) => document.getElementById(id).innerText.trim());
    const name = (field) => {
      const by = field.getAttribute("aria-labelledby");
      if (by) return texts(by).join(" ");
      const label = field.labels[0].cloneNode(true);
      label.querySelectorAll("input, select, textarea").forEach((it) => it.remove());
      return label.textContent.trim();
    };
    const said = (field) => {
      const by = field.getAttribute("aria-describedby");
      const described = by ? `: ${texts(by).join(" ")}` : "";
      return name(field) + described + (field.ariaInvalid === "true" ? " (wrong)" : "");
    };
    const root = document.querySelector("dialog[open]") ?? document;
    const fields = [...root.querySelectorAll("input, select, textarea")];
    return JSON.stringify(fields.filter((it) => it.checkVisibility() && !it.ariaHidden).map(said));
  };

  fakes.traces = () => {
    const fields = [...document.querySelectorAll("input, textarea")].map((field) => field.value);
    const storages = [localStorage, sessionStorage].map((storage) => JSON.stringify(storage));
    return [document.documentElement.outerHTML, ...fields, ...storages, location.href].join("\n");
  };
})();
