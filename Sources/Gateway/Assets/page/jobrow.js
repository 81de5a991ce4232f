// One job as people see it, and what they do with it.
import { audioLink, send, session, sharedLink } from './api.js';
import { ask, button, el, icon, setAttribute, setText, showSecret, toast } from './dom.js';
import { optionsForm } from './options.js';
import { chapterList, coverURL, facts, Player } from './player.js';
import { clock, hasText, languageName, moment, number, percent, size, span, t } from './texts.js';
import { uploads } from './uploads.js';

/** Why it failed, in the page's language. */
export function failureText(failure) {
  return t(hasText(`failure.${failure?.code}`) ? `failure.${failure.code}` : 'failure.other');
}

const stateIcons = {
  waiting: 'clock',
  active: 'note',
  done: 'note',
  failed: 'alert'
};

// Covers are fetched when their rows come into view: a long list has many.
const actions = new WeakMap();
const watcher = new IntersectionObserver(entries => {
  for (const { target } of entries.filter(entry => entry.isIntersecting)) {
    watcher.unobserve(target);
    actions.get(target)();
  }
}, { rootMargin: '300px' });

function whenSeen(element, act) {
  actions.set(element, act);
  watcher.observe(element);
}

/** One job as people see it. */
export class JobRow {
  #player = null;
  #drawn = '';

  constructor(job) {
    this.job = job;
    this.detailID = `detail-${job.fid}`;
    this.cover = el('div', { class: 'cover' });
    this.name = el('h3', { class: 'name' });
    this.meta = el('p', { class: 'meta' });
    this.problem = el('p', { class: 'meta problem', hidden: true });
    this.bar = el('progress', { max: 1, hidden: true });
    this.buttons = {
      play: button('jobs.play', 'play', () => this.#play(), { kind: 'soft round', bare: true }),
      download: button('jobs.download', 'download', () => this.#download(), { kind: 'download', bare: true }),
      retry: button('jobs.retry', 'again', () => this.#act(() => send('POST', `/jobs/${job.fid}/retry`))),
      cancel: button('jobs.cancel', 'close', () => this.#cancel(), { bare: true }),
    };
    this.expand = el(
      'button', {
        type: 'button',
        class: 'button bare expand',
        'aria-expanded': 'false',
        'aria-controls': this.detailID,
        tTitle: 'jobs.details',
        onclick: () => this.#toggle()
      },
      icon('more')
    );
    this.detail = el('div', { class: 'detail', id: this.detailID, hidden: true });
    this.element = el(
      'li', { class: 'row job', 'data-fid': job.fid }, this.cover,
      el('div', { class: 'text' }, this.name, this.meta, this.problem),
      el('div', { class: 'actions' }, ...Object.values(this.buttons), this.expand), this.bar, this.detail
    );
    this.update(job, true);
  }

  update(job, isForced = false) {
    const before = this.job;
    this.job = job;
    const focused = document.activeElement;
    setText(this.name, job.name);
    setAttribute(this.name, 'title', job.name);
    setAttribute(this.expand, 'aria-label', `${t('jobs.details')}: ${job.name}`);
    for (const [name, one] of Object.entries(this.buttons))
      setAttribute(one, 'aria-label', `${t(`jobs.${name}`)}: ${job.name}`);
    this.element.dataset.state = job.state;
    this.buttons.play.hidden = job.state !== 'done' || this.isOpen;
    this.buttons.download.hidden = job.state !== 'done';
    this.buttons.retry.hidden = job.state !== 'failed';
    this.buttons.cancel.hidden = job.state !== 'waiting' && job.state !== 'active';
    // A button that goes with its state leaves the focus in its row.
    if (focused?.hidden && this.element.contains(focused)) this.expand.focus();
    setText(this.meta, this.#sentence());
    this.problem.hidden = job.state !== 'failed';
    if (job.state === 'failed') setText(this.problem, failureText(job.error));
    this.#showBar(job);
    const drawn = `${job.state} ${job.attempt} ${Boolean(job.result)}`;
    if (drawn !== this.#drawn) {
      this.#drawn = drawn;
      this.#showCover(job);
      if (this.isOpen && (before.state !== job.state || isForced)) this.#fill();
    } else if (isForced && this.isOpen) this.#fill();
  }

  get isOpen() { return !this.detail.hidden; }

  #showBar(job) {
    this.bar.hidden = job.state !== 'active';
    if (this.bar.hidden) return;
    setAttribute(this.bar, 'aria-label', t('jobs.progress', { name: job.name }));
    // Where the source does not say how long it is, the bar shows only that something goes on.
    if (job.progress?.fraction === undefined) this.bar.removeAttribute('value');
    else this.bar.value = job.progress.fraction;
  }

  #showCover(job) {
    this.cover.replaceChildren(icon(stateIcons[job.state]), el('span', { class: 'unseen', t: `state.${job.state}` }));
    if (job.result?.cover) whenSeen(this.cover, () => this.#fetchCover(job));
  }

  async #fetchCover(job) {
    try {
      this.cover.querySelector('svg')?.replaceWith(
        el('img', { src: await coverURL(job.fid), alt: '', width: 48, height: 48 })
      );
    } catch { /* The icon stays. */
    }
  }

  #sentence() {
    const { job } = this;
    const parts = [];
    if (job.state === 'waiting') parts.push(t('jobs.isWaiting'));
    if (job.state === 'active') {
      const { progress } = job;
      if (!progress) parts.push(t('jobs.isStarting'));
      else if (progress.fraction === undefined)
        parts.push(
          t('jobs.isActiveLong',
            { position: clock(progress.position), speed: number(progress.speed, progress.speed < 10 ? 1 : 0) })
        );
      else
        parts.push(t('jobs.isActive', {
          percent: percent(progress.fraction),
          speed: number(progress.speed, progress.speed < 10 ? 1 : 0),
          left: span(progress.timeLeft ?? 0)
        }));
      if (job.host) parts.push(t('jobs.on', { host: job.host }));
    }
    if (job.result)
      parts.push(clock(job.result.duration), size(job.result.byteCount), `${number(job.result.bitrate / 1000)} kbit/s`);
    else parts.push(size(job.size));
    if (job.attempt && job.state !== 'done') parts.push(t('jobs.attempt', { number: job.attempt + 1 }));
    parts.push(moment(job.finished ?? job.submitted));
    if (job.owner !== session.user?.username) parts.push(t('jobs.by', { owner: job.owner }));
    return parts.join(' · ');
  }

  // MARK: What people do with it

  #toggle() {
    this.detail.hidden = this.isOpen;
    setAttribute(this.expand, 'aria-expanded', this.isOpen);
    this.element.classList.toggle('open', this.isOpen);
    // An open row has a player with a button of its own.
    this.buttons.play.hidden = this.job.state !== 'done' || this.isOpen;
    if (this.isOpen) this.#fill();
    else this.close();
  }

  #fill() {
    this.close();
    const { job } = this;
    const content = [];
    if (job.state === 'done' && job.result) content.push(...this.#results());
    if (job.state === 'failed' && job.error)
      content.push(el('p', { class: 'said', textContent: t('jobs.said', { sentence: job.error.sentence }) }));
    content.push(facts(job, job.result));
    const acts = [];
    if (job.state === 'done') acts.push(button('jobs.copy', 'link', () => this.#copy()));
    if (job.state === 'done' || job.state === 'failed') {
      acts.push(
        button('jobs.otherOptions', 'options', () => this.#otherOptions()),
        button('jobs.delete', 'trash', () => this.#delete (), { kind: 'danger-text' })
      );
    }
    if (acts.length) content.push(el('div', { class: 'buttons' }, ...acts));
    this.detail.replaceChildren(...content);
  }

  #results() {
    const { job } = this;
    const player = this.#player = new Player(job);
    const image = job.result.cover && el('img', { class: 'large-cover', alt: t('player.cover'), hidden: true });
    if (image) coverURL(job.fid).then(url => Object.assign(image, { src: url, hidden: false }), () => {});
    const content = [el('div', { class: 'listening' }, image, el('div', {}, player.element, chapterList(player)))];
    const others = job.result.otherTracks ?? [];
    if (others.length) {
      this.others = others.map(result => new Player(job, result, result.track));
      content.push(el(
        'div', { class: 'tracks' }, el('h4', { t: 'player.tracks' }),
        ...others.map((result, index) => this.#track(result, this.others[index]))
      ));
    }
    return content;
  }

  /** One of several MP3s of a job, beside the first. */
  #track(result, player) {
    const words = [t('options.track.number', { number: result.track })];
    if (result.language && result.language !== 'und') words.push(languageName(result.language));
    return el(
      'div', { class: 'track' }, el('p', { textContent: words.join(' · ') }), player.element,
      button('jobs.download', 'download', () => this.#download(result.track), { bare: true })
    );
  }

  #play() {
    this.#toggle();
    this.#player?.toggle.focus();
    this.#player?.playOrPause();
  }

  close() {
    this.#player?.close();
    for (const other of this.others ?? []) other.close();
    this.#player = null;
    this.others = [];
  }

  async #act(work) {
    try {
      await work();
    } catch (error) { toast(error.message, { isError: true }); }
  }

  #download(track) {
    return this.#act(async () => {
      const link = el('a', { href: await audioLink(this.job.fid, track), download: '' });
      document.body.append(link);
      link.click();
      link.remove();
    });
  }

  #copy() {
    return this.#act(async () => {
      const url = await sharedLink(this.job.fid);
      try {
        await navigator.clipboard.writeText(url);
        toast(t('jobs.copied'));
      } catch { await showSecret(t('jobs.link'), url); }
    });
  }

  #cancel() {
    const { job } = this;
    return ask({
      title: t('jobs.cancel.title', { name: job.name }),
      text: t('jobs.cancel.text'),
      yes: 'jobs.cancel.yes',
      no: 'jobs.cancel.no',
      isDanger: true,
      act: async () => {
        try {
          await send('POST', `/jobs/${job.fid}/cancel`);
        } catch (error) {
          // It came to its end while the question was being asked.
          if (error.status !== 409) throw error;
          toast(t('jobs.cancel.late', { name: job.name }));
        }
      }
    });
  }

  async #delete() {
    const { job } = this;
    const isGone = await ask({
      title: t('jobs.delete.title', { name: job.name }),
      text: t('jobs.delete.text'),
      yes: 'jobs.delete',
      isDanger: true,
      act: async () => {
        await send('DELETE', `/jobs/${job.fid}`);
        return true;
      }
    });
    if (isGone) toast(t('jobs.deleted', { name: job.name }));
  }

  /** The service keeps a job's options; others need a new upload. */
  #otherOptions() {
    const { job } = this;
    const form = optionsForm({
      ...job.options,
      track: job.options.track && String(job.options.track),
      loudness: job.options.loudness && String(job.options.loudness)
    });
    return ask({
      title: t('jobs.otherOptions.title', { name: job.name }),
      text: t('jobs.otherOptions.text'),
      content: [form.body],
      yes: 'uploads.choose',
      act: async () => {
        const options = {...form.values(), duplicate: 'convert' };
        const input =
          el('input', { type: 'file', onchange: () => uploads.add([...input.files].map(file => ({ file })), options) });
        input.click();
        return true;
      }
    });
  }
}
