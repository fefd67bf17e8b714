// Stands in for the registry and the helper: answers as it was told, and remembers what was asked.
(() => {
  // The router of an app that was closed keeps listening: it would act on the clicks of the next.
  window.fakes?.listeners.forEach(([name, listener]) => removeEventListener(name, listener));
  const listen = EventTarget.prototype.addEventListener;
  window.addEventListener = (name, listener, options) => {
    window.fakes.listeners.push([name, listener]);
    listen.call(window, name, listener, options);
  };

  const fakes = { answers: {}, asked: [], helper: null, sockets: [], listeners: [], saved: [], skipped: 0 };
  window.fakes = fakes;

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

  window.fetch = async (request) => {
    const url = new URL(request.url);
    const body = await request.text();
    fakes.asked.push(`${request.method} ${url.pathname}${url.search}${body ? " " + body : ""}`);
    const answer = fakes.answers[`${request.method} ${url.pathname}`];
    if (!answer) throw new TypeError(`no answer for ${request.method} ${url.pathname}`);
    return new Response(answer.status === 204 ? null : answer.body, { status: answer.status });
  };

  window.WebSocket = class extends EventTarget {
    readyState = 0;
    binaryType = "blob";
    constructor() {
      super();
      queueMicrotask(() => (fakes.helper ? this.open() : this.fail()));
    }
    open() {
      this.readyState = 1;
      fakes.sockets.push(this);
      this.dispatchEvent(new Event("open"));
    }
    fail() {
      this.readyState = 3;
      fakes.sockets = fakes.sockets.filter((socket) => socket !== this);
      this.dispatchEvent(new Event("error"));
      this.dispatchEvent(new CloseEvent("close", { code: 1006 }));
    }
    send(text) {
      const { id, request } = JSON.parse(text);
      fakes.asked.push(`helper ${request.type}`);
      for (const message of fakes.helper[request.type] ?? []) {
        fakes.say(JSON.stringify("id" in message ? { ...message, id } : message), this);
      }
    }
    close() {
      this.readyState = 3;
      fakes.sockets = fakes.sockets.filter((socket) => socket !== this);
    }
  };

  fakes.say = (text, to) => {
    for (const socket of to ? [to] : fakes.sockets) {
      queueMicrotask(() => socket.dispatchEvent(new MessageEvent("message", { data: text })));
    }
  };

  fakes.stopHelper = () => {
    fakes.helper = null;
    fakes.sockets.forEach((socket) => socket.fail());
  };
})();
