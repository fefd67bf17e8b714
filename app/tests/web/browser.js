// Stands in for what the browser does with a page: its clock, downloads, and who looks at it.
(() => {
  const { fakes } = window;
  fakes.saved = [];
  fakes.skipped = 0;

  // The page's own clock, which a story can turn on.
  const now = Performance.prototype.now;
  performance.now = () => now.call(performance) + window.fakes.skipped;

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

  fakes.traces = () => {
    const fields = [...document.querySelectorAll("input, textarea")].map((field) => field.value);
    const storages = [localStorage, sessionStorage].map((storage) => JSON.stringify(storage));
    return [document.documentElement.outerHTML, ...fields, ...storages, location.href].join("\n");
  };
})();
