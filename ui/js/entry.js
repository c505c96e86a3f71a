// What the window needs from JavaScript: the bridge to the application and the text editor.
// Everything else is Rust. `src/bridge.rs` declares the other side of every export here.

export { call, listen } from "./bridge.js";
export {
  create, destroy, forget, focus, insert, reveal, setDiagnostics, setText, setVariables,
} from "./editor.js";
