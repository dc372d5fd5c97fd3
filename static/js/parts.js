// Parts of a page that are exchanged for fresh copies. One that somebody is working in (focus in a
// field, an open menu) waits until they have left it.

import { byId, enliven, isEditing } from "./dom.js";

const held = new Map(); // id of a part → its fresh copy

/** Whoever leaves a part gets its fresh copy. */
export function releaseInTime() {
  document.addEventListener("focusout", () => setTimeout(release, 0));
  document.addEventListener("toggle", () => setTimeout(release, 0), true);
}

/** What waited is about something that is not shown any more. */
export const forget = () => held.clear();

/** Put a fresh copy in the place of a part. */
export function exchange(part, fresh) {
  if (!part || said(part) === said(fresh)) return;
  if (isBusy(part)) {
    held.set(part.id, fresh);
    return;
  }
  held.delete(part.id);
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  const open = [...part.querySelectorAll("details")].map((details) => details.open);
  part.replaceChildren(...fresh.childNodes);
  part.querySelectorAll("details").forEach((details, index) => (details.open = open[index] ?? false));
  enliven(part);
  if (focused) (byId(focused) ?? byId("ticket-subject"))?.focus({ preventScroll: true });
}

/** What a part says; each copy has other tokens. */
const said = (part) => part.innerHTML.replaceAll(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");

function isBusy(part) {
  const form = part.querySelector("#subject-form");
  // Focus comes back to what has a name; elsewhere the part waits.
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const working = focused && (isEditing(focused) || !focused.id);
  return working || (form && !form.hidden) || part.querySelector(":popover-open") !== null;
}

/** Give what waited to whatever nobody works in any more. */
export function release() {
  for (const [id, fresh] of [...held]) exchange(byId(id), fresh);
}

/** The same for a list: an item that stays the same stays the node it is. */
export function exchangeItems(list, fresh) {
  const wanted = [...fresh.children].map((item) => item.outerHTML);
  const known = new Map([...list.children].map((item) => [item.outerHTML, item]));
  for (const [html, item] of known) if (!wanted.includes(html)) item.remove();
  [...fresh.children].forEach((item, index) => {
    const node = known.get(wanted[index]) ?? item;
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
}
