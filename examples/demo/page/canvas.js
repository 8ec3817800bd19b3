// A canvas that is as sharp as the screen and takes its colours from the style sheet.

const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Calls `draw(context, width, height, colour)` with an empty canvas, in CSS pixels: for each frame, or each second where
 *  motion is to be reduced and may be. */
export function animate(canvas, draw, { mayRest = false } = {}) {
  const context = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(name);
  let drawnAt = -Infinity;
  const frame = (now) => {
    requestAnimationFrame(frame);
    if (mayRest && still.matches && now - drawnAt < 1000) return;
    drawnAt = now;
    const { clientWidth: width, clientHeight: height } = canvas;
    const [across, down] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
    if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
    context.setTransform(across / width, 0, 0, down / height, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = `12px ${style.fontFamily}`;
    draw(context, width, height, colour);
  };
  requestAnimationFrame(frame);
}
