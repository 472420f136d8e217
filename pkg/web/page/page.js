// Follows the stream and puts each view in the place of the last one. The server has rendered and escaped it; a tile that
// has another place afterwards glides there. A stream that ends is opened again by the browser.
"use strict";

const view = document.getElementById("view");
const link = document.getElementById("link");
const still = matchMedia("(prefers-reduced-motion: reduce)");

function places() {
  const found = new Map();
  for (const tile of view.querySelectorAll("[data-key]")) found.set(tile.dataset.key, tile.getBoundingClientRect());
  return found;
}

function glide(before) {
  for (const tile of view.querySelectorAll("[data-key]")) {
    const from = before.get(tile.dataset.key), to = tile.getBoundingClientRect();
    if (!from || (from.left === to.left && from.top === to.top)) continue;
    tile.animate([{ transform: `translate(${from.left - to.left}px, ${from.top - to.top}px)` }, { transform: "none" }],
      { duration: 450, easing: "ease-in-out" });
  }
}

function show(html) {
  const before = still.matches ? null : places();
  view.innerHTML = html;
  if (before) glide(before);
}

const stream = new EventSource("/page/stream");
stream.addEventListener("view", (event) => {
  show(event.data);
  link.className = "";
  link.textContent = "live";
});
stream.onerror = () => {
  link.className = "lost";
  link.textContent = `connection lost at ${new Date().toLocaleTimeString()}; trying again`;
};
