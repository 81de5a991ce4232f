// For admins: hosts, users, retention, and everybody's delivery log.
import { get, send, session } from './api.js';
import { deliveries } from './account.js';
import { ask, button, checkbox, el, field, toast } from './dom.js';
import { badge, panel, table } from './panels.js';
import { moment, number, percent, size, span, t } from './texts.js';

export function adminView() {
  if (!session.user?.admin) return el('p', { class: 'plain', t: 'admin.only' });
  const shown = hosts();
  return el('div', {}, shown, panel('users.title', users, { acts: [['users.add', null, addUser]] }),
    el('div', { class: 'columns' }, panel('retention.title', retention), panel('log.title', again => deliveries(again))));
}

/** Hosts change all the time: they are looked at for as long as they are shown. */
function hosts() {
  const shown = panel('hosts.title', async () => {
    const { hosts: list } = await get('/hosts');
    if (!list.length) return el('p', { class: 'faint', t: 'hosts.none' });
    return el('ul', { class: 'hosts' }, ...list.map(host));
  });
  const timer = setInterval(async () => {
    if (!shown.isConnected) return clearInterval(timer);
    const old = shown.querySelector('.hosts');
    if (!old || document.hidden) return;
    try { old.replaceChildren(...(await get('/hosts')).hosts.map(host)); } catch { /* The bar at the top says so. */ }
  }, 3000);
  return shown;
}

function host(one) {
  const kinds = { alive: 'done', silent: 'waiting', dead: 'failed' };
  return el('li', { class: 'host' }, el('p', { class: 'name' }, one.host, badge(kinds[one.state], t(`hosts.${one.state}`))),
    el('p', { class: 'meta' }, [t('hosts.process', { version: one.version, process: one.processID }), t('hosts.beat', { time: span(one.secondsSinceBeat) })].join(' · ')),
    one.jobs?.length ? el('ul', {}, ...one.jobs.map(job => el('li', {},
      el('code', { textContent: job.fid }), el('progress', { max: 1, value: job.progress?.fraction ?? null, 'aria-label': job.fid }),
      el('span', { class: 'meta', textContent: job.progress ? `${job.progress.fraction === undefined ? '' : percent(job.progress.fraction)} ${number(job.progress.speed)}×` : t('jobs.isStarting') }))))
      : one.state === 'alive' ? el('p', { class: 'meta', t: 'hosts.idle' }) : null);
}

async function users(again) {
  const { users: list } = await get('/users');
  const say = ({ used, limit }, unit) => limit === undefined ? unit(used) : t('quota.of', { used: unit(used), limit: unit(limit) });
  return table('users.title', ['users.email', 'quota.bytes', 'quota.minutes', 'quota.waiting', 'users.since', null], list.map(user => [
    el('span', { class: 'url' }, user.email, user.admin ? badge('active', t('users.admin')) : null, user.disabled ? badge('failed', t('users.disabled')) : null),
    say(user.quota.bytes, size), say(user.quota.minutes, value => `${number(value)} min`), say(user.quota.waiting, number), moment(user.created),
    button('users.change', null, () => changeUser(user, again)),
  ]));
}

async function addUser(again) {
  const email = el('input', { name: 'email', type: 'email', required: true, autocomplete: 'off' });
  const password = el('input', { name: 'password', type: 'password', required: true, autocomplete: 'new-password' });
  const added = await ask({ title: t('users.add'), yes: 'users.add',
    content: [field('users.email', email), field('users.password', password), checkbox('users.admin', el('input', { name: 'admin' }))],
    act: async form => { await send('POST', '/users', { email: form.get('email'), password: form.get('password'), admin: form.has('admin') }); return true; } });
  if (added) again();
}

async function changeUser(user, again) {
  const limits = ['bytes', 'minutes', 'waiting'];
  const password = el('input', { name: 'password', type: 'password', autocomplete: 'new-password' });
  const saved = await ask({
    title: t('users.change.title', { email: user.email }), yes: 'save',
    content: [checkbox('users.admin', el('input', { name: 'admin', checked: user.admin })), checkbox('users.disabled', el('input', { name: 'disabled', checked: user.disabled })),
      field('users.newPassword', password, 'users.newPassword.hint'),
      ...limits.map(name => field(`users.limit.${name}`, el('input', { name, pattern: '\\d+|none|default', value: user.quota[name].limit ?? '', autocomplete: 'off' }), 'users.limit.hint'))],
    act: async form => {
      const change = {};
      for (const name of ['admin', 'disabled']) if (form.has(name) !== user[name]) change[name] = form.has(name);
      if (form.get('password')) change.password = form.get('password');
      const quota = {};
      for (const name of limits) {
        const value = form.get(name).trim();
        if (value !== String(user.quota[name].limit ?? '') && value) quota[name] = /^\d+$/.test(value) ? Number(value) : value;
      }
      if (Object.keys(quota).length) change.quota = quota;
      if (Object.keys(change).length) await send('PATCH', `/users/${user.id}`, change);
      return true;
    },
  });
  if (!saved) return;
  toast(t('users.saved'));
  again();
}

async function retention() {
  const rules = await get('/retention');
  return el('dl', { class: 'plain-list' }, ...Object.entries(rules).map(([name, value]) => el('div', {}, el('dt', { textContent: name }), el('dd', { textContent: typeof value === 'object' ? JSON.stringify(value) : String(value) }))));
}
