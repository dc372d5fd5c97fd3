// A customer's page: what is said and done with them appears, and who they are stays true.

import { byId, fragment, gather } from "./dom.js";
import * as live from "./live.js";
import { exchange, exchangeItems, releaseInTime } from "./parts.js";

const OWN_EVERY = 500;
const OTHERS_EVERY = 5000; // a ticket nobody knows may be a new one of theirs

const soon = gather(OWN_EVERY, refresh);
const later = gather(OTHERS_EVERY, refresh);

document.addEventListener("live:ticket", ({ detail: { ticket, type } }) => {
  if (type === "read") return;
  const own = byId("person").dataset.tickets.split(" ");
  (own.includes(String(ticket)) ? soon : later)("page");
});
document.addEventListener("live:resync", () => soon("page"));
releaseInTime();
live.start();

async function refresh() {
  const answer = await fragment(location.pathname + location.search);
  if (answer.status === 404) location.reload(); // gone, or not for us to see any more
  const fresh = answer.root?.getElementById("person");
  if (!fresh) return;
  const person = byId("person");
  if (fresh.dataset.customer !== person.dataset.customer) return location.reload(); // merged
  person.dataset.tickets = fresh.dataset.tickets;
  for (const part of answer.root.querySelectorAll(".part")) exchange(byId(part.id), part);
  if (getSelection().isCollapsed) exchangeItems(byId("history"), answer.root.getElementById("history"));
  else document.addEventListener("selectionchange", () => soon("page"), { once: true });
}
