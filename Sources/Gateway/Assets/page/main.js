// The page: who is logged in, which part is shown, and whether what is shown is up to date.
import { accountView } from './account.js';
import { adminView } from './admin.js';
import { NoAnswer, session } from './api.js';
import { button, el, field, icon, toast, translateAll } from './dom.js';
import { dropped } from './handles.js';
import { jobs } from './jobs.js';
import { news } from './news.js';
import { forget, remembered, rememberedForm, summary } from './options.js';
import { language, moment, setLanguage, t } from './texts.js';
import { uploads } from './uploads.js';

const content = document.querySelector('#content');
const navigation = document.querySelector('nav');
const who = document.querySelector('.who');
const stale = document.querySelector('.stale');

// MARK: Logging in

/** Asks who is there, above whatever is shown. It cannot be closed without an answer. */
function showLogin(reason) {
  if (document.querySelector('#login')) return;
  const email = el('input', {
    type: 'email',
    name: 'email',
    autocomplete: 'username',
    required: true,
    value: localStorage.getItem('mp3spool.user') ?? ''
  });
  const password =
    el('input', { type: 'password', name: 'password', autocomplete: 'current-password', required: true });
  const problem = el('p', { class: 'problem', role: 'alert', hidden: true });
  const submit = el('button', { class: 'button primary wide', t: 'login.title' });
  const say = sentence => {
    problem.textContent = sentence;
    problem.hidden = false;
  };
  const dialog = el(
    'dialog', { id: 'login', 'aria-labelledby': 'login-title', oncancel: event => event.preventDefault() },
    el(
      'form', {
        novalidate: true,
        async onsubmit(event) {
          event.preventDefault();
          if (!email.value.trim() || !password.value) return say(t('login.missing'));
          submit.disabled = true;
          try {
            await session.logIn(email.value.trim(), password.value);
          } catch (error) {
            say(loginProblem(error));
            password.select();
          } finally { submit.disabled = false; }
        }
      },
      el(
        'div', { class: 'brand large' }, el('img', { src: '/page/icon.svg', alt: '', width: 40, height: 40 }),
        'mp3spool'
      ),
      el('h1', { id: 'login-title', class: 'unseen', t: 'login.title' }),
      el('p', { class: reason ? 'reason' : 'faint', t: reason ?? 'login.welcome' }), field('login.email', email),
      field('login.password', password), problem, submit, languageChoice()
    )
  );
  document.body.append(dialog);
  dialog.showModal();
  (email.value ? password : email).focus();
  session.addEventListener('open', () => dialog.remove(), { once: true });
}

function loginProblem(error) {
  if (error instanceof NoAnswer) return error.message;
  if (error.status === 401) return t('login.wrong');
  if (error.status === 429) return t('login.tooMany', { seconds: error.retryAfter ?? '?' });
  return error.message;
}

// MARK: The head

function languageChoice() {
  const choice = el(
    'select', {
      class: 'language',
      tLabel: 'language',
      onchange: () => {
        setLanguage(choice.value, { isChosen: true });
        for (const other of document.querySelectorAll('select.language')) other.value = choice.value;
        translateAll();
        showOptions();
        showContact();
        jobs.refresh();
        uploads.refresh();
        if (part() !== '') show(false);
      }
    },
    el('option', { value: 'en', lang: 'en', textContent: 'English', selected: language === 'en' }),
    el('option', { value: 'de', lang: 'de', textContent: 'Deutsch', selected: language === 'de' })
  );
  return choice;
}

function showHead() {
  const links =
    [['', 'nav.jobs'], ['account', 'nav.account'], ...(session.user?.admin ? [['admin', 'nav.admin']] : [])];
  navigation.replaceChildren(...links.map(([name, key]) => el('a', { href: `#/${name}`, t: key })));
  who.replaceChildren(
    languageChoice(),
    el('span', { class: 'email', title: session.user?.username, textContent: session.user?.username ?? '' }),
    button('logout', null, () => session.end())
  );
}

const part = () => location.hash.replace(/^#\/?/, '');

/** Shows the part of the page that the address names. */
function show(movesFocus = true) {
  const name = part();
  for (const link of navigation.children) {
    if (link.hash.slice(2) === name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const views = { account: accountView, admin: adminView };
  content.replaceChildren(
    el('h1', { class: 'unseen', t: `nav.${name in views ? name : 'jobs'}` }), views[name]?.() ?? home
  );
  if (movesFocus) content.focus({ preventScroll: true });
}

// MARK: Adding files

const optionsPanel = el('details', { class: 'panel options-panel' });
const chosen = el('span', { class: 'faint' });
const input = el('input', {
  type: 'file',
  multiple: true,
  class: 'unseen',
  id: 'files',
  tLabel: 'drop.choose',
  tabindex: '-1',
  onchange: () => {
    add([...input.files].map(file => ({ file })));
    input.value = '';
  }
});

let form = null;

function showOptions() {
  form = rememberedForm(showChosen);
  optionsPanel.replaceChildren(
    el('summary', {}, icon('options'), el('span', { t: 'options.title' }), chosen),
    el('p', { class: 'hint', t: 'options.scope' }), form.body, button('options.reset', null, () => {
      forget();
      showOptions();
      optionsPanel.querySelector('select').focus();
    })
  );
  showChosen(remembered());
}

function showChosen(options) { chosen.textContent = summary(options) || t('options.default'); }

function add(files) {
  if (!files.length) return toast(t('drop.empty'), { isError: true });
  try {
    uploads.add(files, form.values());
  } catch {
    optionsPanel.open = true;
    form.body.querySelector(':invalid')?.reportValidity();
  }
}

/** With File System Access the browser can give the file again after a reload; elsewhere there is the old way. */
async function choose() {
  if (!('showOpenFilePicker' in window) || navigator.webdriver) return input.click();
  try {
    const handles = await window.showOpenFilePicker({ multiple: true });
    add(await Promise.all(handles.map(async handle => ({ handle, file: await handle.getFile() }))));
  } catch (error) {
    if (error.name !== 'AbortError') input.click();
  }
}

const drop = el(
  'section', { class: 'drop', tLabel: 'options.region' }, icon('upload'), el('h2', { t: 'drop.title' }),
  el('p', { class: 'faint', t: 'drop.hint' }), button('drop.choose', null, choose, { kind: 'primary' }), input
);

/** The whole page takes drops: nobody has to aim. */
function takeDrops() {
  const hasFiles = event => event.dataTransfer?.types.includes('Files');
  let depth = 0;
  const mark = change => {
    depth = Math.max(0, depth + change);
    document.body.classList.toggle('dragging', depth > 0);
  };
  addEventListener('dragenter', event => hasFiles(event) && mark(1));
  addEventListener('dragleave', event => hasFiles(event) && mark(-1));
  addEventListener('dragover', event => hasFiles(event) && event.preventDefault());
  addEventListener('drop', async event => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(-depth);
    const files = await dropped(event.dataTransfer);
    if (part() !== '') location.hash = '#/';
    add(files);
  });
}

const home = el(
  'div', { class: 'home' }, el('div', { class: 'side' }, drop, optionsPanel),
  el('div', { class: 'lists' }, uploads.section, jobs.section)
);

// MARK: Being up to date

let wasLost = false;

function showContact() {
  stale.hidden = news.lostSince === null;
  if (news.lostSince !== null) {
    const key = navigator.onLine ? 'stale.lost' : 'stale.offline';
    stale.replaceChildren(
      el('p', { textContent: t(key, { time: moment(news.lostSince) }) }), button('stale.now', null, () => news.tryNow())
    );
  } else if (wasLost) {
    toast(t('stale.back'));
    jobs.refreshAll();
  }
  wasLost = news.lostSince !== null;
}

// MARK: The beginning

async function start() {
  document.body.classList.remove('signed-out');
  document.body.dataset.of = session.user?.username ?? '';
  showHead();
  show(false);
  takeDrops();
  addEventListener('hashchange', () => show());
  news.addEventListener('contact', showContact);
  await jobs.start();
  uploads.restore();
  news.run();
}

setLanguage(language);
translateAll();
showOptions();
session.addEventListener('lost', () => showLogin('login.expired'));
if (session.isOpen) start();
else {
  session.addEventListener('open', start, { once: true });
  showLogin(null);
}
