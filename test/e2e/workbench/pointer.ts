import type { Page } from "playwright-core";

/** Draws a pointer where the mouse is: screenshots have none. */
export async function showPointer(page: Page): Promise<void> {
  await page.evaluate(DRAW_POINTER);
}

// In the page.
const DRAW_POINTER = `(() => {
  const pointer = document.createElement("div");
  pointer.style.cssText = "position: fixed; left: -50px; top: 0; z-index: 1000000; pointer-events: none; width: 24px; height: 24px";
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawn.setAttribute("viewBox", "0 0 24 24");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  shape.setAttribute("d", "M3 2v17l4.5-4 3 7 3.2-1.4-3-6.8 6.3-.3z");
  shape.setAttribute("fill", "white");
  shape.setAttribute("stroke", "black");
  shape.setAttribute("stroke-width", "1.4");
  drawn.append(shape);
  pointer.append(drawn);
  document.body.append(pointer);
  addEventListener("mousemove", ({ clientX, clientY }) => {
    pointer.style.left = clientX - 3 + "px";
    pointer.style.top = clientY - 2 + "px";
  }, true);
})()`;
