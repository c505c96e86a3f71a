// Keeps what crosses between the page and the program until a test takes it: requests as they are handed to `fetch`,
// replies and notices as they are handed to their callbacks. Says whether it is in place.

const ours = ["localhost", "tauri.localhost"].includes(location.hostname);
const internals = window.__TAURI_INTERNALS__;
if (!ours || !internals?.callbacks) return false;
if (window.assayTrace) return true;

// In characters. A test that needs more must take the trace on its way.
const MOST = 64 << 20;
const AT_ONCE = 4 << 20;

let kept = [];
let size = 0;

function latin1(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

function written(data) {
  if (typeof data === "string") return data;
  if (data instanceof ArrayBuffer) return latin1(new Uint8Array(data));
  if (ArrayBuffer.isView(data)) return latin1(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return JSON.stringify(data) ?? "";
}

function keep(text) {
  size += text.length;
  if (size <= MOST) kept.push(text);
}

const send = window.fetch;
window.fetch = (resource, options) => {
  const headers = JSON.stringify([...new Headers(options?.headers)]);
  keep(`${resource.url ?? resource} ${headers} ${written(options?.body ?? "")}`);
  return send.call(window, resource, options);
};

const get = internals.callbacks.get;
internals.callbacks.get = (id) => {
  const callback = get.call(internals.callbacks, id);
  return callback && ((data) => {
    keep(written(data));
    return callback(data);
  });
};

window.assayTrace = {
  /** What was kept so far, in parts: the next part, or null after the last. */
  take() {
    if (size > MOST) throw new Error("more crossed than a trace holds");
    let part = "";
    while (kept.length > 0 && part.length < AT_ONCE) part += kept.shift() + "\n";
    size -= part.length;
    return part === "" ? null : part;
  },
};
return true;
