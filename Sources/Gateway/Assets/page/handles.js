// Files that the browser lets the page open again after a reload (File System Access). Where it has none of that, the
// person is asked for the file.

const open = () => new Promise((resolve, reject) => {
  const wish = indexedDB.open('mp3spool', 1);
  wish.onupgradeneeded = () => wish.result.createObjectStore('files');
  wish.onsuccess = () => resolve(wish.result);
  wish.onerror = () => reject(wish.error);
});

async function act(mode, work) {
  const database = await open();
  try {
    const wish = work(database.transaction('files', mode).objectStore('files'));
    return await new Promise((resolve, reject) => {
      wish.onsuccess = () => resolve(wish.result);
      wish.onerror = () => reject(wish.error);
    });
  } finally { database.close(); }
}

/** Nothing depends on these: what cannot be kept is asked for. */
const quietly = promise => promise.catch(() => undefined);

export const keepHandle = (key, handle) => quietly(act('readwrite', store => store.put(handle, key)));
export const dropHandle = key => quietly(act('readwrite', store => store.delete(key)));

/** The file, where the browser gives it without a question; `ask` puts the question, which needs a click. */
export async function fileOf(key, {ask = false} = {}) {
  try {
    const handle = await act('readonly', store => store.get(key));
    if (!handle) return null;
    let permission = await handle.queryPermission({ mode: 'read' });
    if (permission === 'prompt' && ask) permission = await handle.requestPermission({ mode: 'read' });
    return permission === 'granted' ? await handle.getFile() : null;
  } catch { return null; }
}

/** The files of a drop, those in folders, too, each with its handle where there is one. */
export async function dropped(transfer) {
  const items = [...transfer.items].filter(item => item.kind === 'file');
  // All are asked for at once, since the items are gone after the first pause.
  const found = items.map(item => ({
                            entry: item.webkitGetAsEntry?.(),
                            file: item.getAsFile(),
                            handle: quietly(Promise.resolve(item.getAsFileSystemHandle?.())),
                          }));
  const files = [];
  for (const { entry, file, handle } of found) {
    if (entry?.isDirectory) files.push(...(await inFolder(entry)).map(one => ({ file: one })));
    else if (file) files.push({ file, handle: await handle });
  }
  return files;
}

async function inFolder(folder) {
  const reader = folder.createReader();
  const files = [];
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return files;
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory) files.push(...await inFolder(entry));
      else files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    }
  }
}
