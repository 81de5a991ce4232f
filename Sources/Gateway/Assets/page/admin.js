// For admins: hosts, users, retention, and everybody's delivery log.
import { deliveries, tokens } from './account.js';
import { get, send, session } from './api.js';
import { ask, button, checkbox, el, field, toast } from './dom.js';
import { badge, panel, table } from './panels.js';
import { moment, number, percent, size, span, t } from './texts.js';

export function adminView() {
  if (!session.user?.admin) return el('p', { class: 'plain', t: 'admin.only' });
  const shown = hosts();
  return el(
    'div', {}, shown, panel('users.title', users, { acts: [['users.add', null, addUser]] }),
    el('div', { class: 'columns' }, panel('retention.title', retention), panel('log.title', again => deliveries(again)))
  );
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
    try {
      old.replaceChildren(...(await get('/hosts')).hosts.map(host));
    } catch { /* The bar at the top says so. */
    }
  }, 3000);
  return shown;
}

function host(one) {
  const kinds = { alive: 'done', silent: 'waiting', dead: 'failed' };
  const facts = [
    one.version && t('hosts.version', { version: one.version }),
    one.processID && t('hosts.process', { process: one.processID }),
    one.secondsSinceBeat !== undefined && one.state !== 'alive' && t('hosts.beat', { time: span(one.secondsSinceBeat) })
  ];
  return el(
    'li', { class: 'host' }, el('p', { class: 'name' }, one.host, badge(kinds[one.state], t(`hosts.${one.state}`))),
    el('p', { class: 'meta', textContent: facts.filter(Boolean).join(' · ') }),
    one.jobs?.length ?
      el(
        'ul', {},
        ...one.jobs.map(
          job => el(
            'li', {}, el('code', { textContent: job.fid }),
            el('progress', { max: 1, value: job.progress?.fraction ?? null, 'aria-label': job.fid }), el('span', {
              class: 'meta',
              textContent: job.progress ?
                `${job.progress.fraction === undefined ? '' : percent(job.progress.fraction)} ${
                  number(job.progress.speed)}×` :
                t('jobs.isStarting')
            })
          )
        )
      ) :
      one.state === 'alive' ? el('p', { class: 'meta', t: 'hosts.idle' }) :
                              null
  );
}

async function users(again) {
  const { users: list } = await get('/users');
  const say = ({ used, limit }, unit) =>
    limit === undefined ? unit(used) : t('quota.of', { used: unit(used), limit: unit(limit) });
  return table(
    'users.title', ['users.email', 'quota.bytes', 'quota.minutes', 'quota.waiting', 'users.since', null],
    list.map(
      user =>
        [el(
           'span', { class: 'url' }, user.email, user.admin ? badge('active', t('users.admin')) : null,
           user.disabled ? badge('failed', t('users.disabled')) : null
         ),
         say(user.quota.bytes, size),
         say(user.quota.minutes, value => `${number(value)} min`),
         say(user.quota.waiting, number),
         el('span', { class: 'nowrap', textContent: moment(user.created) }),
         el(
           'div', { class: 'acts' },
           button('users.tokens', null, () => ask({
                                          title: t('users.tokens.title', { email: user.email }),
                                          content: [panel('tokens.title', again => tokens(again, user.email))],
                                          yes: 'ok',
                                          no: null
                                        })),
           button('users.change', null, () => changeUser(user, again))
         ),
  ]
    )
  );
}

async function addUser(again) {
  const email = el('input', { name: 'email', type: 'email', required: true, autocomplete: 'off' });
  const password = el('input', { name: 'password', type: 'password', required: true, autocomplete: 'new-password' });
  const added = await ask({
    title: t('users.add'),
    yes: 'users.add',
    content: [
      field('users.email', email), field('users.password', password),
      checkbox('users.admin', el('input', { name: 'admin' }))
    ],
    act: async form => {
      await send(
        'POST', '/users', { email: form.get('email'), password: form.get('password'), admin: form.has('admin') }
      );
      return true;
    }
  });
  if (added) again();
}

/** How much somebody may have: as for everybody, as much as they like, or a number in units of so much. */
function limitField(name, rule, unit) {
  const isOwn = typeof rule === 'number';
  const kind = el(
    'select', {},
    ...['default', 'none', 'own'].map(
      value => el('option', { value, t: `limit.${value}`, selected: value === (isOwn ? 'own' : rule) })
    )
  );
  const amount = el('input', {
    type: 'number',
    min: 0,
    step: 'any',
    value: isOwn ? rule / unit : '',
    hidden: !isOwn,
    tLabel: `users.limit.${name}`
  });
  kind.addEventListener('change', () => {
    amount.hidden = kind.value !== 'own';
    amount.required = !amount.hidden;
  });
  const value = () => kind.value === 'own' ? Math.round(Number(amount.value) * unit) : kind.value;
  const body = field(`users.limit.${name}`, kind);
  body.append(amount);
  return { body, change: () => value() === rule ? {} : { [name]: value() } };
}

async function changeUser(user, again) {
  const password = el('input', { name: 'password', type: 'password', autocomplete: 'new-password' });
  const limits =
    [['bytes', 1e9], ['minutes', 1], ['waiting', 1]].map(([name, unit]) => limitField(name, user.rules[name], unit));
  const saved = await ask({
    title: t('users.change.title', { email: user.email }),
    yes: 'save',
    content: [
      checkbox('users.admin', el('input', { name: 'admin', checked: user.admin })),
      checkbox('users.disabled', el('input', { name: 'disabled', checked: user.disabled })),
      field('users.newPassword', password, 'users.newPassword.hint'), ...limits.map(limit => limit.body)
    ],
    act: async form => {
      const change = {};
      for (const name of ['admin', 'disabled'])
        if (form.has(name) !== user[name]) change[name] = form.has(name);
      if (form.get('password')) change.password = form.get('password');
      const quota = Object.assign({}, ...limits.map(limit => limit.change()));
      if (Object.keys(quota).length) change.quota = quota;
      if (Object.keys(change).length) await send('PATCH', `/users/${user.id}`, change);
      return true;
    },
  });
  if (!saved) return;
  toast(t('users.saved'));
  again();
}

/** For how long things stay; what is null is removed only by hand, or by the command clean with its own arguments. */
async function retention() {
  const rules = await get('/retention');
  const say = { 'keep-done': span, 'keep-failed': span, 'keep-free': size, 'upload-expiry': span };
  const open = name => t(name === 'keep-free' ? 'retention.none' : 'retention.open');
  return el(
    'dl', { class: 'plain-list' },
    ...Object.entries(say).map(([name, write]) => el(
      'div', {}, el('dt', { t: `retention.${name}` }),
      el('dd', { textContent: typeof rules[name] === 'number' ? write(rules[name]) : open(name) })
    ))
  );
}
