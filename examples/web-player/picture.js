// A picture to broadcast: a drive at dusk. What it shows at media time `t` depends on `t` alone, as
// in a recording, so that seeking and pausing behave as they would.

const WIDTH = 1600;
const HEIGHT = 900;
const HORIZON = 470;

export function drawPicture(canvas, t) {
  const pen = canvas.getContext("2d");
  pen.setTransform(canvas.width / WIDTH, 0, 0, canvas.height / HEIGHT, 0, 0);
  drawSky(pen);
  drawRidge(pen, t / 900, 90, "#2a4568");
  drawRidge(pen, t / 330 + 900, 56, "#1b3150");
  drawTown(pen, t / 90);
  drawRoad(pen, t);
  drawCar(pen, t);
  drawClock(pen, t);
}

/** Matches the drawing surface to the size that it is shown at. */
export function fit(canvas) {
  const scale = Math.min(devicePixelRatio, 2);
  const [width, height] = [canvas.clientWidth * scale, canvas.clientHeight * scale].map(Math.round);
  if (width && (canvas.width !== width || canvas.height !== height)) Object.assign(canvas, { width, height });
}

/** `21:04:37.4`, or with all three decimals. */
export function clock(t, decimals = 1) {
  const date = new Date(t);
  const pad = (value, length) => String(value).padStart(length, "0");
  const fraction = pad(date.getMilliseconds(), 3).slice(0, decimals);
  return `${pad(date.getHours(), 2)}:${pad(date.getMinutes(), 2)}:${pad(date.getSeconds(), 2)}.${fraction}`;
}

/** A number from 0 to 1 that is always the same for `n`. */
function noise(n) {
  const x = Math.sin(n * 127.1 + 11.7) * 43758.5453;
  return x - Math.floor(x);
}

function drawSky(pen) {
  const sky = pen.createLinearGradient(0, 0, 0, HORIZON);
  sky.addColorStop(0, "#17304f");
  sky.addColorStop(0.55, "#4d7693");
  sky.addColorStop(0.85, "#e2a873");
  sky.addColorStop(1, "#f3cf9b");
  pen.fillStyle = sky;
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  pen.fillStyle = "#ffe9c4";
  pen.beginPath();
  pen.arc(1120, 420, 58, 0, 7);
  pen.fill();
}

function drawRidge(pen, shift, height, color) {
  pen.fillStyle = color;
  pen.beginPath();
  pen.moveTo(0, HORIZON + 4);
  for (let x = 0; x <= WIDTH; x += 16) {
    const at = x + shift;
    const rise = 0.55 + 0.3 * Math.sin(at / 190) + 0.15 * Math.sin(at / 67 + 2);
    pen.lineTo(x, HORIZON - height * rise);
  }
  pen.lineTo(WIDTH, HORIZON + 4);
  pen.fill();
}

function drawTown(pen, shift) {
  const pitch = 62;
  const first = Math.floor(shift / pitch);
  for (let n = first; n < first + WIDTH / pitch + 2; n += 1) {
    if (noise(n) < 0.35) continue;
    const x = n * pitch - shift;
    const height = 26 + noise(n + 0.3) * 74;
    const width = 34 + noise(n + 0.6) * 24;
    pen.fillStyle = "#0f2038";
    pen.fillRect(x, HORIZON - height, width, height + 6);
    pen.fillStyle = "#ffd98a";
    for (let row = 0; row < height / 16 - 1; row += 1) {
      for (let column = 0; column < 3; column += 1) {
        if (noise(n * 31 + row * 7 + column) > 0.62) {
          pen.fillRect(x + 7 + column * 12, HORIZON - height + 8 + row * 16, 6, 8);
        }
      }
    }
  }
}

function drawRoad(pen, t) {
  pen.fillStyle = "#0f1d2c";
  pen.fillRect(0, HORIZON, WIDTH, HEIGHT - HORIZON);
  const near = place(0.9, 0, 0);
  pen.fillStyle = "#222c3a";
  polygon(pen, [place(60, -5, 0), place(60, 5, 0), { x: near.x + 5 * near.scale, y: near.y }, { x: near.x - 5 * near.scale, y: near.y }]);

  const travelled = (t * 0.024) % 8;
  for (let index = 8; index >= 0; index -= 1) {
    const z = 1 + index * 8 - travelled;
    if (z > 0.9) stripe(pen, z, z + 3, 0, 0.13, "#e8e2d0");
  }
  stripe(pen, 0.9, 60, -4.6, 0.1, "#7d8794");
  stripe(pen, 0.9, 60, 4.6, 0.1, "#7d8794");

  for (let index = 5; index >= 0; index -= 1) {
    const z = 1.4 + index * 16 - ((t * 0.024) % 16);
    if (z > 1) [-7, 7].forEach((side) => drawLamp(pen, z, side));
  }
}

function drawLamp(pen, z, side) {
  const foot = place(z, side, 0);
  const head = place(z, side, 5);
  const arm = place(z, side * 0.8, 5);
  pen.strokeStyle = "#0a1420";
  pen.lineWidth = 0.16 * foot.scale;
  pen.beginPath();
  pen.moveTo(foot.x, foot.y);
  pen.lineTo(head.x, head.y);
  pen.lineTo(arm.x, arm.y);
  pen.stroke();
  pen.fillStyle = "#ffe3a3";
  pen.beginPath();
  pen.ellipse(arm.x, arm.y, 0.34 * foot.scale, 0.14 * foot.scale, 0, 0, 7);
  pen.fill();
}

function drawCar(pen, t) {
  const { x, y, scale } = place(5.4 + 0.8 * Math.sin(t / 2900), 2.3 + 0.25 * Math.sin(t / 1300), 0);
  const box = (left, top, width, height, radius, color) => {
    pen.fillStyle = color;
    pen.beginPath();
    pen.roundRect(x + left * scale, y - top * scale, width * scale, height * scale, radius * scale);
    pen.fill();
  };
  box(-0.8, 1.45, 1.6, 0.8, 0.3, "#0c1420");
  box(-0.66, 1.34, 1.32, 0.42, 0.12, "#38526b");
  box(-1, 0.95, 2, 0.75, 0.16, "#9c2f26");
  box(-0.95, 0.32, 0.4, 0.32, 0.06, "#0a0f16");
  box(0.55, 0.32, 0.4, 0.32, 0.06, "#0a0f16");
  box(-0.92, 0.78, 0.42, 0.16, 0.05, "#ff5b45");
  box(0.5, 0.78, 0.42, 0.16, 0.05, "#ff5b45");
}

function drawClock(pen, t) {
  pen.fillStyle = "rgb(8 14 22 / 0.72)";
  pen.beginPath();
  pen.roundRect(400, 724, 420, 116, 12);
  pen.fill();
  pen.fillStyle = "#fff";
  pen.textBaseline = "alphabetic";
  pen.font = "700 76px ui-monospace, 'DejaVu Sans Mono', monospace";
  pen.fillText(clock(t).slice(0, 8), 426, 796);
  pen.font = "500 24px system-ui, sans-serif";
  pen.fillText("clock in the picture", 428, 828);
}

/** Where a point on the road is seen: `z` ahead, `side` to the right, `up` above, in metres. */
function place(z, side, up) {
  const scale = 330 / z;
  return { x: WIDTH / 2 + side * scale, y: HORIZON + (1.25 - up) * scale, scale };
}

function stripe(pen, from, to, side, half, color) {
  pen.fillStyle = color;
  polygon(pen, [place(from, side - half, 0), place(from, side + half, 0), place(to, side + half, 0), place(to, side - half, 0)]);
}

function polygon(pen, points) {
  pen.beginPath();
  points.forEach(({ x, y }) => pen.lineTo(x, y));
  pen.fill();
}
