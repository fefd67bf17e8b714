// Stands in for the registry and the helpers: answers as it was told, and remembers what was asked.
(() => {
  window.fakes?.forgetListeners();
  const listen = EventTarget.prototype.addEventListener;
  window.addEventListener = (name, listener, options) => {
    window.fakes.listeners.push([name, listener]);
    listen.call(window, name, listener, options);
  };
  localStorage.clear();
  window.fakes?.replaced.forEach(([name, own]) => Object.defineProperty(window, name, own));
  delete navigator.permissions;

  // The helper of this computer listens on the first port; others by their port.
  const fakes = { answers: {}, asked: [], proofs: [], helper: null, others: {}, relays: {}, sockets: [], listeners: [], replaced: [], permissions: [] };
  window.fakes = fakes;

  // The router of an app that was closed keeps listening: it would act on the clicks of the next.
  fakes.forgetListeners = () => {
    fakes.listeners.splice(0).forEach(([name, listener]) => removeEventListener(name, listener));
  };

  window.fetch = async (request) => {
    const url = new URL(request.url);
    const body = await request.text();
    fakes.asked.push(`${request.method} ${url.pathname}${url.search}${body ? " " + body : ""}`);
    const proof = request.headers.get("Authorization");
    const { method, credentials } = request;
    fakes.proofs.push({ method, target: url.pathname + url.search, body, credentials, proof });
    const answer = fakes.answers[`${request.method} ${url.pathname}`];
    if (!answer) throw new TypeError(`no answer for ${request.method} ${url.pathname}`);
    return new Response(answer.status === 204 ? null : answer.body, { status: answer.status });
  };

  window.WebSocket = class extends EventTarget {
    readyState = 0;
    binaryType = "blob";
    constructor(url) {
      super();
      this.port = new URL(url).port;
      fakes.asked.push(`port ${this.port}`);
      queueMicrotask(() => (this.answers() ? this.open() : this.fail()));
    }
    answers() {
      return this.port === "8421" ? fakes.helper : fakes.others[this.port];
    }
    open() {
      this.readyState = 1;
      fakes.sockets.push(this);
      this.dispatchEvent(new Event("open"));
    }
    fail() {
      this.dispatchEvent(new Event("error"));
      this.end(1006, "");
    }
    end(code, reason) {
      this.close();
      this.dispatchEvent(new CloseEvent("close", { code, reason }));
    }
    send(text) {
      const { id, request } = JSON.parse(text);
      fakes.asked.push(`helper ${request.type}`);
      for (const message of this.answers()?.[request.type] ?? []) {
        if (message.close) queueMicrotask(() => this.end(message.close, message.reason));
        else fakes.say(JSON.stringify("id" in message ? { ...message, id } : message), this);
      }
    }
    close() {
      this.readyState = 3;
      fakes.sockets = fakes.sockets.filter((socket) => socket !== this);
    }
  };

  fakes.say = (text, to) => {
    for (const socket of to ? [to] : fakes.sockets) {
      const data = challengeAt(socket.port, text);
      queueMicrotask(() => socket.dispatchEvent(new MessageEvent("message", { data })));
    }
  };

  // A challenge begins with the port by which the helper was called: two bytes. Who relays another
  // helper has its challenge, which called that one by its own port.
  function challengeAt(port, text) {
    const message = JSON.parse(text);
    if (!message.challenge) return text;
    const called = Number(fakes.relays[port] ?? port).toString(16).padStart(4, "0").toUpperCase();
    return JSON.stringify({ ...message, challenge: called + message.challenge.slice(4) });
  }

  fakes.stopHelper = () => {
    fakes.helper = null;
    fakes.sockets.forEach((socket) => socket.fail());
  };

  // Ends every connection with a code and a reason.
  fakes.end = (code, reason) => fakes.sockets.forEach((socket) => socket.end(code, reason));

  // What the browser has is this, until the next curtain.
  fakes.replace = (name, value) => {
    fakes.replaced.unshift([name, Object.getOwnPropertyDescriptor(window, name)]);
    Object.defineProperty(window, name, { value, configurable: true });
  };

  // The page seems to come from elsewhere, and the browser says this of its permission.
  fakes.comeFrom = (origin, state) => {
    const status = Object.assign(new EventTarget(), { state, onchange: null });
    fakes.permission = (now) => {
      status.state = now;
      status.onchange?.(new Event("change"));
    };
    fakes.replace("origin", origin);
    const query = async ({ name }) => {
      fakes.asked.push(`permission ${name}`);
      status.state = fakes.permissions.shift() ?? status.state;
      return status;
    };
    Object.defineProperty(navigator, "permissions", { value: { query }, configurable: true });
  };
})();
