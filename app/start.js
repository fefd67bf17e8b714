// Starts the app. A file of its own, since the page forbids inline scripts.
const here = document.querySelector("script[data-script]");
const app = await import(here.dataset.script);
await app.default({ module_or_path: here.dataset.wasm });
