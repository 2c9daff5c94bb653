// A live HLS stream from a real encoder, in whose picture each frame's number is written, so that a page can
// read from the picture itself what is on screen.

import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { Program } from '../program.mjs';

const WIDTH = 320;
const HEIGHT = 180;

/** Digits of a frame's number, in base two, each a square. 18 bits last an hour at 60 frames a second. */
export const BITS = 18;
export const SQUARE_PX = 16;

/** Segments as short as live streams have them, so that the picture is a few seconds behind. */
const SEGMENT_S = 1;

/** How long the encoder may take until there is something to play, in milliseconds: a segment, and a machine's start. */
const START_TIMEOUT_MS = 30_000;

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.m3u8': 'application/vnd.apple.mpegurl', '.ts': 'video/mp2t' };

export class LiveHls {
  #folder = mkdtempSync(join(tmpdir(), 'parlor-hls-'));
  #encoder;
  #http;
  #pages;
  #remove = () => rmSync(this.#folder, { recursive: true, force: true });

  /** Starts a stream of `fps` frames a second, beside `pages`, which are contents by their names. */
  static async start(fps, pages) {
    const stream = new LiveHls();
    process.once('exit', stream.#remove);
    stream.#pages = pages;
    stream.#http = createServer((request, response) => stream.#answer(request, response));
    try {
      stream.#http.listen(0, '127.0.0.1');
      await once(stream.#http, 'listening');
      await stream.#encode(fps);
      return stream;
    } catch (error) {
      // Nobody has it, to stop it.
      await stream.stop();
      throw error;
    }
  }

  get origin() {
    return `http://127.0.0.1:${this.#http.address().port}`;
  }

  async stop() {
    await this.#encoder?.end();
    this.#http.close();
    this.#http.closeAllConnections();
    process.off('exit', this.#remove);
    this.#remove();
  }

  /** Begins, and waits until there is something to play. */
  async #encode(fps) {
    const digits = Array.from({ length: BITS }, (_, bit) => {
      const at = `x=${bit * SQUARE_PX}:y=0:w=${SQUARE_PX}:h=${SQUARE_PX}:t=fill`;
      return `drawbox=${at}:color=black,drawbox=${at}:color=white:enable='mod(floor(n/${2 ** bit}),2)'`;
    });
    const playlist = join(this.#folder, 'live.m3u8');
    const args = [
      ...['-hide_banner', '-loglevel', 'error', '-re'],
      ...['-f', 'lavfi', '-i', `testsrc2=size=${WIDTH}x${HEIGHT}:rate=${fps}`],
      // The numbers begin anew after that; and a stream that nobody stops has an end.
      ...['-t', String(Math.floor(2 ** BITS / fps))],
      ...['-vf', `${digits.join(',')},format=yuv420p`],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-crf', '18'],
      // A segment is a whole number of frames, and begins with one that needs no other.
      ...['-g', String(fps * SEGMENT_S), '-keyint_min', String(fps * SEGMENT_S), '-sc_threshold', '0'],
      ...['-f', 'hls', '-hls_time', String(SEGMENT_S), '-hls_list_size', '20'],
      ...['-hls_flags', 'program_date_time+delete_segments+temp_file', playlist],
    ];

    const watcher = watch(this.#folder);
    let timer;
    const isThere = new Promise((done) => watcher.on('change', (_, name) => name === basename(playlist) && done()));
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`ffmpeg has nothing to play after ${START_TIMEOUT_MS} ms`)), START_TIMEOUT_MS);
    });
    try {
      this.#encoder = new Program('ffmpeg', args);
      await Promise.race([isThere, this.#encoder.failure(), late]);
    } finally {
      clearTimeout(timer);
      watcher.close();
    }
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
