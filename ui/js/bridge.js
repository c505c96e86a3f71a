// The only way out of the window: one command and one channel of notices.

import { Channel, invoke } from "@tauri-apps/api/core";

/** Calls one command; resolves to the reply's bytes, rejects with `{code, message, hints}`. */
export async function call(cmd, payload) {
  return new Uint8Array(await invoke("rpc", { cmd, payload }));
}

/** Hands every notice to `onNotice` as JSON text. */
export async function listen(onNotice) {
  const channel = new Channel();
  channel.onmessage = (notice) => onNotice(JSON.stringify(notice));
  await invoke("subscribe", { channel });
}
