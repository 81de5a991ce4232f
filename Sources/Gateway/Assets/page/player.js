// The player of one MP3: waveform, position, chapters; and what is known of the MP3.
import { audioLink, get, request } from './api.js';
import { button, el, icon, setText, toast } from './dom.js';
import { summary } from './options.js';
import { clock, exactMoment, hasText, languageName, number, size, t } from './texts.js';

/** Only one plays at a time. */
let playing = null;

const waveforms = new Map();
const covers = new Map();

/** Keeps the last of what was fetched; a job's waveform and cover never change. */
function once(cache, key, fetchIt) {
  if (!cache.has(key)) {
    if (cache.size > 300) cache.delete(cache.keys().next().value);
    const promise = fetchIt();
    promise.catch(() => cache.delete(key));
    cache.set(key, promise);
  }
  return cache.get(key);
}

/** A cover's address for <img>; covers need the token, so they are fetched and shown by blob URLs. */
export const coverURL = fid =>
  once(covers, fid, async () => URL.createObjectURL(await (await request(`/jobs/${fid}/cover`)).blob()));

export class Player {
  #frame = 0;
  #peaks = null;

  constructor(job, result = job.result, track = null) {
    Object.assign(this, { job, result, track });
    this.audio = new Audio();
    this.audio.preload = 'none';
    this.toggle = button('jobs.play', 'play', () => this.playOrPause(), { kind: 'primary round', bare: true });
    this.canvas = el('canvas', { 'aria-hidden': 'true' });
    this.range = el('input', {
      type: 'range',
      min: 0,
      max: result.duration,
      step: 0.1,
      value: 0,
      tLabel: 'player.position',
      oninput: () => this.seek(Number(this.range.value))
    });
    this.time = el('p', { class: 'time' });
    this.element =
      el('div', { class: 'player' }, this.toggle, el('div', { class: 'wave' }, this.canvas, this.range), this.time);
    for (const name of ['play', 'pause', 'ended']) this.audio.addEventListener(name, () => this.#changed());
    this.audio.addEventListener('timeupdate', () => this.show());
    this.audio.addEventListener('error', () => this.audio.getAttribute('src') && this.#failed());
    this.resize = new ResizeObserver(() => this.draw());
    this.resize.observe(this.canvas);
    this.colours = matchMedia('(prefers-color-scheme: dark)');
    this.redraw = () => this.draw();
    this.colours.addEventListener('change', this.redraw);
    this.show();
    // The waveform is of the job's first MP3.
    if (!track) this.#load();
  }

  async #load() {
    try {
      this.#peaks = (await once(waveforms, this.job.fid, () => get(`/jobs/${this.job.fid}/waveform`))).peaks;
      this.draw();
    } catch { /* Without one there is a plain line. */
    }
  }

  async playOrPause() {
    if (!this.audio.paused) return this.audio.pause();
    try {
      if (!this.audio.getAttribute('src')) {
        const at = this.position;
        this.audio.src = await audioLink(this.job.fid, this.track);
        if (at) this.audio.currentTime = at;
      }
      if (playing && playing !== this) playing.audio.pause();
      playing = this;
      await this.audio.play();
    } catch (error) {
      if (error.name !== 'AbortError') this.#failed();
    }
  }

  #failed() {
    // A link that has expired, or a service that was away: the next try asks anew.
    this.#start = this.audio.currentTime;
    this.audio.removeAttribute('src');
    this.#changed();
    toast(t('player.failed'), { isError: true });
  }

  #start = 0;

  get position() { return this.audio.getAttribute('src') ? this.audio.currentTime : this.#start; }

  seek(seconds) {
    if (this.audio.getAttribute('src')) this.audio.currentTime = seconds;
    else this.#start = seconds;
    this.show();
  }

  #changed() {
    const isPlaying = !this.audio.paused;
    const key = isPlaying ? 'jobs.pause' : 'jobs.play';
    Object.assign(this.toggle.dataset, { tLabel: key, tTitle: key });
    this.toggle.setAttribute('aria-label', t(key));
    this.toggle.title = t(key);
    this.toggle.replaceChildren(icon(isPlaying ? 'pause' : 'play'));
    this.element.dispatchEvent(new CustomEvent('playing', { detail: isPlaying }));
    this.show();
    if (isPlaying && 'mediaSession' in navigator) {
      const { title = this.job.name, artist = '', album = '' } = this.result.tags ?? {};
      navigator.mediaSession.metadata = new MediaMetadata({ title, artist, album });
    }
  }

  show() {
    const { position } = this;
    const text = t('player.at', { time: clock(position), duration: clock(this.result.duration) });
    if (document.activeElement !== this.range || Math.abs(this.range.value - position) > 0.5)
      this.range.value = position;
    this.range.setAttribute('aria-valuetext', text);
    setText(this.time, `${clock(position)} / ${clock(this.result.duration)}`);
    this.element.dispatchEvent(new CustomEvent('position', { detail: position }));
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width) return;
    const scale = devicePixelRatio || 1;
    Object.assign(this.canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
    const context = this.canvas.getContext('2d');
    context.scale(scale, scale);
    const style = getComputedStyle(this.canvas);
    const colours = [style.getPropertyValue('--accent'), style.getPropertyValue('--wave')];
    const played = width * this.position / (this.result.duration || 1);
    const peaks = this.#peaks;
    // A quiet recording has a shape, too; silence has none.
    const loudest = Math.max(32, ...peaks ?? []);
    const [step, thickness] = [3, 2];
    for (let x = 0; x < width; x += step) {
      const [from, to] = [x, x + step].map(at => Math.floor(at / width * (peaks?.length ?? 0)));
      let peak = 0;
      for (let at = from; at < Math.max(to, from + 1) && peaks; at += 1) peak = Math.max(peak, peaks[at] ?? 0);
      const tall = peaks ? Math.max(2, height * peak / loudest) : 3;
      context.fillStyle = colours[x < played ? 0 : 1];
      context.beginPath();
      context.roundRect(x, (height - tall) / 2, peaks ? thickness : step, tall, peaks ? 1 : 0);
      context.fill();
    }
  }

  close() {
    this.audio.pause();
    this.audio.removeAttribute('src');
    this.audio.load();
    this.resize.disconnect();
    this.colours.removeEventListener('change', this.redraw);
    if (playing === this) playing = null;
  }
}

/** The chapters as buttons that lead to them. */
export function chapterList(player) {
  const { chapters } = player.result;
  if (!chapters?.length) return null;
  const items = chapters.map(
    chapter => el(
      'button', { type: 'button', class: 'chapter', onclick: () => player.seek(chapter.start) },
      el('span', { class: 'time', textContent: clock(chapter.start) }),
      el('span', { textContent: chapter.title || clock(chapter.start) })
    )
  );
  player.element.addEventListener('position', ({ detail }) => {
    chapters.forEach((chapter, index) => {
      const isHere = detail >= chapter.start && detail < (chapter.end ?? Infinity);
      items[index].toggleAttribute('aria-current', isHere);
      if (isHere) items[index].setAttribute('aria-current', 'true');
    });
  });
  return el(
    'div', { class: 'chapters' }, el('h4', { t: 'player.chapters' }),
    el('ol', {}, ...items.map(item => el('li', {}, item)))
  );
}

/** What the MP3 and its source are, as terms with their values. */
export function facts(job, result) {
  const rows = [];
  const add = (key, value) => value && rows.push(el('div', {}, el('dt', { t: key }), el('dd', {}, value)));
  for (const name of ['title', 'artist', 'album', 'date', 'genre', 'comment'])
    add(`detail.${name}`, result?.tags?.[name]);
  if (result) {
    const channels = hasText(`channels.${result.channels}`) ? t(`channels.${result.channels}`) : result.channels;
    add(
      'detail.sound',
      `${number(result.bitrate / 1000)} kbit/s · ${number(result.sampleRate / 1000, 2)} kHz · ${channels}`
    );
    add('detail.source', `${size(job.size)} · ${result.container} · ${result.codec}`);
    add('detail.language', result.language && result.language !== 'und' && languageName(result.language));
    add('detail.loudness', result.loudness !== undefined && `${number(result.loudness, 1)} LUFS`);
  } else add('detail.source', size(job.size));
  add('detail.options', summary(job.options ?? {}));
  add('detail.submitted', exactMoment(job.submitted));
  add('detail.finished', job.finished && exactMoment(job.finished));
  add('detail.exported', job.exported);
  add('detail.id', el('code', { textContent: job.fid }));
  const notes = [...(result?.copied ? [t('detail.copied')] : []), ...(result?.warnings ?? [])];
  return el(
    'div', { class: 'facts' }, el('dl', {}, ...rows),
    notes.length ? el(
                     'div', { class: 'notes' }, el('h4', { t: 'detail.warnings' }),
                     el('ul', {}, ...notes.map(note => el('li', { textContent: note })))
                   ) :
                   null
  );
}
