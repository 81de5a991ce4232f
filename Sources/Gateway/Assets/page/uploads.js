// The list of uploads: which there are, which are sent at this moment, and their rows.
import { session } from './api.js';
import { announce, button, el, icon, setAttribute, setText, toast } from './dom.js';
import { dropHandle, fileOf, keepHandle } from './handles.js';
import { news } from './news.js';
import { summary } from './options.js';
import { size, span, t } from './texts.js';
import { newKey, TusUpload } from './tus.js';

const key = 'mp3spool.uploads';
const atOnce = 2;
/** Another tab that is sending something says so at least this often, in milliseconds. */
const beat = 5_000;

/** This tab's own name, which a reload keeps. */
const tab = sessionStorage.getItem(key) ?? newKey();
sessionStorage.setItem(key, tab);

const stored = () => {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? [];
  } catch { return []; }
};

/** Changes the records that all tabs of this browser share. */
function store(change) { localStorage.setItem(key, JSON.stringify(change(stored()))); }

const isSame = (record, file) =>
  record.name === file.name && record.size === file.size && record.modified === file.lastModified;

/** Dispatches `finished` with the fid of a job that an upload became. */
export const uploads = new class extends EventTarget {
  rows = new Map();
  list = el('ul', { class: 'rows uploads' });
  section = el(
    'section', { class: 'panel', 'aria-labelledby': 'uploads-title', hidden: true },
    el('h2', { id: 'uploads-title', t: 'uploads.title' }), this.list
  );

  /** Takes up what an earlier page left. */
  async restore() {
    const user = session.user?.username;
    const left =
      stored().filter(record => record.user === user && (record.tab === tab || Date.now() - record.beat > 3 * beat));
    for (const record of left) {
      const upload = this.#add({...record, tab });
      const file = await fileOf(record.key);
      if (file && isSame(record, file)) this.#go(upload, file);
      else {
        upload.wantFile();
        // Where it stands; one that is gone is no loss.
        upload.look().catch(error => [404, 410].includes(error.status) && this.#forget(upload));
      }
    }
    setInterval(() => this.#beat(), beat);
    addEventListener('online', () => this.tryNow());
    news.addEventListener('contact', () => news.lostSince === null && this.tryNow());
  }

  tryNow() {
    for (const upload of this.rows.keys()) upload.tryNow();
  }

  /** Sends files, each as `{file, handle}`. One that was begun before goes on where it was. */
  add(files, options) {
    for (const { file, handle } of files) {
      const known = [...this.rows.keys()].find(upload => isSame(upload.record, file) && upload.state !== 'finished');
      if (known?.file && known.state !== 'failed') {
        toast(t('uploads.already', { name: file.name }));
        continue;
      }
      const upload = known ?? this.#add({
        key: newKey(),
        user: session.user?.username,
        tab,
        name: file.name,
        size: file.size,
        modified: file.lastModified,
        options,
        url: null,
      });
      if (handle) keepHandle(upload.record.key, handle);
      this.#go(upload, file);
    }
  }

  #add(record) {
    const upload = new TusUpload(record);
    const row = new UploadRow(upload, {
      resume: () => this.#go(upload, upload.file),
      choose: file => this.#choose(upload, file),
      open: () => fileOf(record.key, { ask: true }),
      remove: () => {
        upload.discard();
        this.#forget(upload);
      },
    });
    this.rows.set(upload, row);
    this.list.append(row.element);
    this.section.hidden = false;
    upload.addEventListener('record', () => this.#save(upload));
    upload.addEventListener('progress', () => row.update());
    upload.addEventListener('change', () => {
      row.update();
      this.#changed(upload);
    });
    this.#save(upload);
    return upload;
  }

  #go(upload, file) {
    upload.file = file;
    upload.queue();
  }

  #choose(upload, file) {
    if (isSame(upload.record, file)) return this.#go(upload, file);
    toast(t('uploads.otherFile', { name: upload.record.name, size: size(upload.record.size) }), { isError: true });
  }

  #changed(upload) {
    const { name } = upload.record;
    if (upload.state === 'finished') {
      announce(t(upload.isDuplicate ? 'uploads.duplicate' : 'uploads.done', { name }));
      if (upload.isDuplicate) toast(t('uploads.duplicate', { name }));
      this.#forget(upload);
      this.dispatchEvent(new CustomEvent('finished', { detail: upload.fid }));
    }
    if (upload.state === 'failed') announce(t('uploads.failed', { name, reason: upload.reason }));
    this.#next();
  }

  /** Lets as many run as may. */
  #next() {
    const all = [...this.rows.keys()];
    const running = all.filter(upload => upload.isRunning).length;
    for (const upload of all.filter(upload => upload.state === 'queued').slice(0, Math.max(0, atOnce - running)))
      upload.run();
  }

  #save({ record }) {
    store(records => [...records.filter(one => one.key !== record.key), {...record, tab, beat: Date.now() }]);
  }

  /** Says to other tabs that these are looked after. */
  #beat() {
    const own = new Set([...this.rows.keys()].filter(upload => upload.file).map(upload => upload.record.key));
    if (own.size) store(records => records.map(one => own.has(one.key) ? {...one, tab, beat: Date.now() } : one));
  }

  #forget(upload) {
    const row = this.rows.get(upload);
    if (!row) return;
    const hadFocus = row.element.contains(document.activeElement);
    const next = row.element.nextElementSibling ?? row.element.previousElementSibling;
    this.rows.delete(upload);
    row.element.remove();
    this.section.hidden = this.rows.size === 0;
    store(records => records.filter(one => one.key !== upload.record.key));
    dropHandle(upload.record.key);
    if (hadFocus) (next?.querySelector('button') ?? document.querySelector('#content')).focus();
  }

  refresh() {
    for (const row of this.rows.values()) row.update();
  }
}();

/** One upload as people see it. */
class UploadRow {
  constructor(upload, acts) {
    this.upload = upload;
    this.status = el('p', { class: 'meta' });
    this.bar = el('progress', { max: 1, value: 0 });
    this.input = el('input', {
      type: 'file',
      class: 'unseen',
      tabindex: '-1',
      'aria-hidden': 'true',
      onchange: () => this.input.files[0] && acts.choose(this.input.files[0])
    });
    this.buttons = {
      pause: button('uploads.pause', 'pause', () => this.swap('resume', () => upload.pause()), { bare: true }),
      resume: button('uploads.resume', 'play', () => this.swap('pause', acts.resume), { bare: true }),
      again: button('uploads.again', 'again', acts.resume),
      choose: button(
        'uploads.choose', 'upload',
        async () => {
          const file = await acts.open();
          file ? acts.choose(file) : this.input.click();
        }
      ),
      remove: button('uploads.remove', 'close', acts.remove, { bare: true }),
    };
    const options = summary(upload.record.options ?? {});
    this.element = el(
      'li', { class: 'row upload' }, el('div', { class: 'cover state' }, icon('upload')),
      el(
        'div', { class: 'text' },
        el('p', { class: 'name', title: upload.record.name, textContent: upload.record.name }), this.status,
        options && el('p', { class: 'meta faint', textContent: options })
      ),
      el('div', { class: 'actions' }, ...Object.values(this.buttons), this.input), this.bar
    );
    this.update();
  }

  /** Does it and leaves the focus on the button that comes in place of the one that was pressed. */
  swap(name, act) {
    act();
    if (!this.buttons[name].hidden) this.buttons[name].focus();
  }

  update() {
    const { upload } = this;
    const { state, record, offset } = upload;
    const isRunning = state === 'sending' || state === 'retrying' || state === 'queued';
    this.element.dataset.state = state;
    this.buttons.pause.hidden = !isRunning;
    this.buttons.resume.hidden = state !== 'paused' || !upload.file;
    this.buttons.again.hidden = state !== 'failed';
    this.buttons.choose.hidden = state !== 'fileWanted' && !(state === 'paused' && !upload.file);
    this.bar.value = record.size ? offset / record.size : 0;
    setAttribute(this.bar, 'aria-label', t('uploads.progress', { name: record.name }));
    setText(this.status, this.#sentence());
  }

  #sentence() {
    const { state, record, offset, speed, reason } = this.upload;
    const values = { sent: size(offset), size: size(record.size), reason };
    if (state === 'queued') return `${t('uploads.queued')} · ${values.size}`;
    if (state === 'paused') return t('uploads.paused', values);
    if (state === 'retrying') return t('uploads.retrying', values);
    if (state === 'failed') return reason;
    if (state === 'fileWanted') return reason || t('uploads.fileWanted', values);
    if (state === 'finished' || (offset >= record.size && record.size)) return t('uploads.finishing');
    return speed ? t('uploads.sending', {...values, speed: size(speed), left: span((record.size - offset) / speed) }) :
                   t('uploads.starting', values);
  }
}
