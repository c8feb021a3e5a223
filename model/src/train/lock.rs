//! The lock of a run's folder.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A folder that no other process can train into. The operating system lifts the lock when the
/// process ends, in whatever way.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// A folder that cannot be locked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process has it.
    #[error("{0}: another process is training into this folder; wait for it, or stop it first")]
    Taken(PathBuf),
    /// The lock file cannot be made.
    #[error(
        "{path}: cannot be locked: {source}; expected a folder that this user may write to: \
         choose another --run folder"
    )]
    Io {
        /// The lock file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Lock {
    /// Locks a folder that exists.
    pub(super) fn take(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join(".lock");
        let broken = |source| LockError::Io {
            path: path.clone(),
            source,
        };
        let file = File::create(&path).map_err(broken)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Taken(folder.to_owned())),
            Err(TryLockError::Error(why)) => Err(broken(why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_locked_once_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = Lock::take(dir.path()).unwrap();
        assert!(matches!(Lock::take(dir.path()), Err(LockError::Taken(_))));
        drop(first);
        Lock::take(dir.path()).unwrap();
    }
}
