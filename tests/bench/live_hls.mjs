// A live HLS stream from a real encoder, in whose picture each frame's number is written, so that a page can
// read from the picture itself what is on screen.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';

const WIDTH = 320;
const HEIGHT = 180;

/** Digits of a frame's number, in base two, each a square. 18 bits last an hour at 60 frames a second. */
export const BITS = 18;
export const SQUARE_PX = 16;

/** Segments as short as live streams have them, so that the picture is a few seconds behind. */
const SEGMENT_S = 1;

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.m3u8': 'application/vnd.apple.mpegurl', '.ts': 'video/mp2t' };

export class LiveHls {
  #folder = mkdtempSync(join(tmpdir(), 'parlor-hls-'));
  #encoder;
  #http;
  #pages;

  /** Starts a stream of `fps` frames a second, beside `pages`, which are contents by their names. */
  static async start(fps, pages) {
    const stream = new LiveHls();
    stream.#pages = pages;
    stream.#http = createServer((request, response) => stream.#answer(request, response));
    stream.#http.listen(0, '127.0.0.1');
    await once(stream.#http, 'listening');
    await stream.#encode(fps);
    return stream;
  }

  get origin() {
    return `http://127.0.0.1:${this.#http.address().port}`;
  }

  async stop() {
    if (this.#encoder.exitCode === null) {
      this.#encoder.kill('SIGKILL');
      await once(this.#encoder, 'exit');
    }
    this.#http.close();
    this.#http.closeAllConnections();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Begins, and waits until there is something to play. */
  async #encode(fps) {
    const digits = Array.from({ length: BITS }, (_, bit) => {
      const at = `x=${bit * SQUARE_PX}:y=0:w=${SQUARE_PX}:h=${SQUARE_PX}:t=fill`;
      return `drawbox=${at}:color=black,drawbox=${at}:color=white:enable='mod(floor(n/${2 ** bit}),2)'`;
    });
    const playlist = join(this.#folder, 'live.m3u8');
    const isThere = new Promise((done) => {
      const watcher = watch(this.#folder, (_, name) => {
        if (name !== basename(playlist)) return;
        watcher.close();
        done();
      });
    });
    this.#encoder = spawn('ffmpeg', [
      ...['-hide_banner', '-loglevel', 'error', '-re'],
      ...['-f', 'lavfi', '-i', `testsrc2=size=${WIDTH}x${HEIGHT}:rate=${fps}`],
      ...['-vf', `${digits.join(',')},format=yuv420p`],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-crf', '18'],
      // A segment is a whole number of frames, and begins with one that needs no other.
      ...['-g', String(fps * SEGMENT_S), '-keyint_min', String(fps * SEGMENT_S), '-sc_threshold', '0'],
      ...['-f', 'hls', '-hls_time', String(SEGMENT_S), '-hls_list_size', '20'],
      ...['-hls_flags', 'program_date_time+delete_segments+temp_file', playlist],
    ], { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = once(this.#encoder, 'exit').then(([code]) => {
      throw new Error(`ffmpeg ended with ${code}`);
    });
    ended.catch(() => {});
    await Promise.race([isThere, ended]);
  }

  #answer({ url }, response) {
    const name = basename(new URL(url, this.origin).pathname);
    try {
      const body = this.#pages[name] ?? readFileSync(join(this.#folder, name));
      response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream', 'cache-control': 'no-store' });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  }
}
