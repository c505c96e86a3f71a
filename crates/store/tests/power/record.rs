//! A recorder between SQLite and the system: every write, truncation, sync and removal, in their order.
//!
//! It is the system's own file layer with some of its functions replaced by ones that also take notes, or refuse
//! when a test wants the disk to fail. Everything else, locks and shared memory included, is the system's, so what
//! is recorded is the product as it ships.
//!
//! SQLite offers this place to C alone, hence the `unsafe`: see `docs/decisions/0007-recorded-disk.md`. Nothing of
//! it is in the product.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, Once, PoisonError};

use rusqlite::ffi;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Write {
        file: String,
        offset: u64,
        bytes: Vec<u8>,
    },
    Truncate {
        file: String,
        length: u64,
    },
    Remove {
        file: String,
    },
    Sync {
        file: String,
    },
    /// The folder's names are on the disk: files made since are found again, removed ones are gone.
    SyncFolder,
    Acknowledged(Acknowledged),
}

/// A write that the store said is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledged {
    Created,
    Begun { cell: u32, attempt: i64 },
    Ended { cell: u32, attempt: i64 },
}

/// All that happened in one folder.
pub struct Recording(pub Vec<Event>);

impl Recording {
    /// Everything acknowledged before the event at `moment`.
    pub fn acknowledged_before(&self, moment: usize) -> impl Iterator<Item = Acknowledged> {
        self.0[..moment].iter().filter_map(|event| match event {
            Event::Acknowledged(what) => Some(*what),
            _ => None,
        })
    }

    pub fn writes_to(&self, name: &str) -> usize {
        let writes = |event: &&Event| matches!(event, Event::Write { file, .. } if file == name);
        self.0.iter().filter(writes).count()
    }
}

/// Begins to record what happens in a folder.
pub fn begin(folder: &Path) {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(register);
    state().recordings.insert(folder.to_owned(), Vec::new());
}

/// Ends it.
pub fn end(folder: &Path) -> Recording {
    Recording(state().recordings.remove(folder).unwrap())
}

/// Notes that the store acknowledged a write.
pub fn acknowledge(folder: &Path, what: Acknowledged) {
    state().note(folder, Event::Acknowledged(what));
}

/// From now on the disk of a folder fails: at the write, truncation or sync after so many more, and at every
/// further one unless only `once`.
pub fn fail_after(folder: &Path, changes: usize, once: bool) {
    let most = if once { 1 } else { usize::MAX };
    state().failures.insert(folder.to_owned(), Failure { changes, most, refused: 0 });
}

/// Mends it; returns how many changes it has refused.
pub fn mend(folder: &Path) -> usize {
    state().failures.remove(folder).map_or(0, |failure| failure.refused)
}

/// A disk that will refuse changes.
struct Failure {
    /// How many are still made before.
    changes: usize,
    /// How many are refused then.
    most: usize,
    refused: usize,
}

#[derive(Default)]
struct State {
    recordings: HashMap<PathBuf, Vec<Event>>,
    failures: HashMap<PathBuf, Failure>,
    /// Open files, by the address of SQLite's handle.
    files: HashMap<usize, OpenFile>,
}

#[derive(Clone)]
struct OpenFile {
    folder: PathBuf,
    name: String,
    system: &'static ffi::sqlite3_io_methods,
    /// The system syncs the folder with the file's first sync: it does so for a log that may be new.
    is_new_log: bool,
}

impl State {
    fn note(&mut self, folder: &Path, event: Event) {
        if let Some(recording) = self.recordings.get_mut(folder) {
            recording.push(event);
        }
    }

    /// Whether the disk refuses a change now.
    fn refuses(&mut self, folder: &Path) -> bool {
        let Some(failure) = self.failures.get_mut(folder) else { return false };
        if failure.changes > 0 {
            failure.changes -= 1;
            return false;
        }
        let refuses = failure.refused < failure.most;
        failure.refused += usize::from(refuses);
        refuses
    }
}

fn state() -> MutexGuard<'static, State> {
    static STATE: LazyLock<Mutex<State>> = LazyLock::new(Mutex::default);
    // One that a failing test poisoned is as good as any: each note is one push.
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The system's file layer.
static SYSTEM: AtomicPtr<ffi::sqlite3_vfs> = AtomicPtr::new(ptr::null_mut());

/// Makes the recorder the file layer of every connection opened from here on.
fn register() {
    // SAFETY: the system's layer lives as long as the process; ours is a copy of it that is never freed, with
    // functions of the types that its fields ask for.
    unsafe {
        let system = ffi::sqlite3_vfs_find(ptr::null());
        assert!(!system.is_null(), "SQLite has a file layer");
        SYSTEM.store(system, Ordering::SeqCst);
        let mut ours = *system;
        ours.pNext = ptr::null_mut();
        ours.zName = c"recorder".as_ptr();
        ours.xOpen = Some(open);
        ours.xDelete = Some(remove);
        let code = ffi::sqlite3_vfs_register(Box::leak(Box::new(ours)), 1);
        assert_eq!(code, ffi::SQLITE_OK);
    }
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    granted: *mut c_int,
) -> c_int {
    let system = SYSTEM.load(Ordering::SeqCst);
    // SAFETY: SQLite's own arguments, passed on. A handle that was opened carries methods that live as long as
    // the process; its first field is where SQLite looks for them.
    unsafe {
        let code = (*system).xOpen.unwrap()(system, name, file, flags, granted);
        let Some((folder, name)) = place(name).filter(|_| code == ffi::SQLITE_OK) else {
            return code;
        };
        let mut state = state();
        if state.recordings.contains_key(&folder) {
            let system: &'static ffi::sqlite3_io_methods = &*(*file).pMethods;
            let is_new_log = flags & ffi::SQLITE_OPEN_CREATE != 0
                && flags & (ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL) != 0;
            state.files.insert(file as usize, OpenFile { folder, name, system, is_new_log });
            (*file).pMethods = recorded(system);
        }
        code
    }
}

/// The system's methods with ours in four places.
fn recorded(system: &ffi::sqlite3_io_methods) -> &'static ffi::sqlite3_io_methods {
    Box::leak(Box::new(ffi::sqlite3_io_methods {
        xClose: Some(close),
        xWrite: Some(write),
        xTruncate: Some(truncate),
        xSync: Some(sync),
        ..*system
    }))
}

/// The folder and the name of a file.
unsafe fn place(name: *const c_char) -> Option<(PathBuf, String)> {
    if name.is_null() {
        return None;
    }
    // SAFETY: SQLite's names end with a zero and live during the call.
    let path = unsafe { CStr::from_ptr(name) }.to_str().ok()?;
    let path = Path::new(path);
    Some((path.parent()?.to_owned(), path.file_name().and_then(OsStr::to_str)?.to_owned()))
}

fn opened(file: *mut ffi::sqlite3_file) -> OpenFile {
    state().files[&(file as usize)].clone()
}

/// Notes what the system has done, unless it could not.
fn noted(code: c_int, open: &OpenFile, event: Event) -> c_int {
    if code == ffi::SQLITE_OK {
        state().note(&open.folder, event);
    }
    code
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let open = opened(file);
    state().files.remove(&(file as usize));
    // SAFETY: SQLite's own argument, passed on.
    unsafe { open.system.xClose.unwrap()(file) }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    data: *const c_void,
    amount: c_int,
    offset: i64,
) -> c_int {
    let open = opened(file);
    if state().refuses(&open.folder) {
        return ffi::SQLITE_FULL;
    }
    // SAFETY: SQLite's own arguments, passed on; `data` has `amount` bytes.
    let (code, bytes) = unsafe {
        let code = open.system.xWrite.unwrap()(file, data, amount, offset);
        (code, std::slice::from_raw_parts(data.cast::<u8>(), amount as usize).to_vec())
    };
    let event = Event::Write { file: open.name.clone(), offset: offset as u64, bytes };
    noted(code, &open, event)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    let open = opened(file);
    if state().refuses(&open.folder) {
        return ffi::SQLITE_IOERR_TRUNCATE;
    }
    // SAFETY: SQLite's own arguments, passed on.
    let code = unsafe { open.system.xTruncate.unwrap()(file, length) };
    let event = Event::Truncate { file: open.name.clone(), length: length as u64 };
    noted(code, &open, event)
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    let open = opened(file);
    if state().refuses(&open.folder) {
        return ffi::SQLITE_IOERR_FSYNC;
    }
    // SAFETY: SQLite's own arguments, passed on.
    let code = unsafe { open.system.xSync.unwrap()(file, flags) };
    if open.is_new_log && code == ffi::SQLITE_OK {
        state().files.entry(file as usize).and_modify(|open| open.is_new_log = false);
        noted(code, &open, Event::Sync { file: open.name.clone() });
        return noted(code, &open, Event::SyncFolder);
    }
    noted(code, &open, Event::Sync { file: open.name.clone() })
}

unsafe extern "C" fn remove(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    sync_folder: c_int,
) -> c_int {
    let system = SYSTEM.load(Ordering::SeqCst);
    // SAFETY: SQLite's own arguments, passed on.
    let (code, place) =
        unsafe { ((*system).xDelete.unwrap()(system, name, sync_folder), place(name)) };
    if let (ffi::SQLITE_OK, Some((folder, file))) = (code, place) {
        state().note(&folder, Event::Remove { file });
        if sync_folder != 0 {
            state().note(&folder, Event::SyncFolder);
        }
    }
    code
}
