//! The registry of the current user, and its twins for other systems and for tests.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// Keys below the current user's, each with one default value. Errors are the system's own words.
pub trait Registry: Debug {
    /// The default value of a key.
    fn get(&self, key: &str) -> Option<String>;

    /// Whether there is such a key, with or without a value.
    fn exists(&self, key: &str) -> bool;

    /// Makes the key and sets its default value.
    ///
    /// # Errors
    /// What the system says.
    fn set(&self, key: &str, value: &str) -> Result<(), String>;

    /// Removes the key; it is no error if there is none.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, key: &str) -> Result<(), String>;
}

/// For systems without one.
#[derive(Debug, Clone, Copy)]
pub struct NoRegistry;

impl Registry for NoRegistry {
    fn get(&self, _: &str) -> Option<String> {
        None
    }

    fn exists(&self, _: &str) -> bool {
        false
    }

    fn set(&self, _: &str, _: &str) -> Result<(), String> {
        Err("there is no registry on this system".into())
    }

    fn remove(&self, _: &str) -> Result<(), String> {
        Ok(())
    }
}

/// A registry in memory.
#[derive(Debug, Default)]
pub struct MemoryRegistry(RefCell<BTreeMap<String, String>>);

impl MemoryRegistry {
    /// Everything in it.
    pub fn entries(&self) -> BTreeMap<String, String> {
        self.0.borrow().clone()
    }
}

impl Registry for MemoryRegistry {
    fn get(&self, key: &str) -> Option<String> {
        self.0.borrow().get(key).cloned()
    }

    fn exists(&self, key: &str) -> bool {
        let below = format!("{key}\\");
        let entries = self.0.borrow();
        entries
            .keys()
            .any(|name| name == key || name.starts_with(&below))
    }

    fn set(&self, key: &str, value: &str) -> Result<(), String> {
        self.0.borrow_mut().insert(key.into(), value.into());
        Ok(())
    }

    fn remove(&self, key: &str) -> Result<(), String> {
        self.0.borrow_mut().remove(key);
        Ok(())
    }
}

/// The registry of this system.
pub fn system_registry() -> Box<dyn Registry> {
    #[cfg(windows)]
    return Box::new(windows::UserRegistry);
    #[cfg(not(windows))]
    Box::new(NoRegistry)
}

#[cfg(windows)]
mod windows {
    use windows_registry::CURRENT_USER;

    use super::Registry;

    /// `HKEY_CURRENT_USER`
    #[derive(Debug, Clone, Copy)]
    pub(super) struct UserRegistry;

    impl Registry for UserRegistry {
        fn get(&self, key: &str) -> Option<String> {
            CURRENT_USER.open(key).ok()?.get_string("").ok()
        }

        fn exists(&self, key: &str) -> bool {
            CURRENT_USER.open(key).is_ok()
        }

        fn set(&self, key: &str, value: &str) -> Result<(), String> {
            let created = CURRENT_USER.create(key);
            created
                .and_then(|key| key.set_string("", value))
                .map_err(|error| error.to_string())
        }

        fn remove(&self, key: &str) -> Result<(), String> {
            if !self.exists(key) {
                return Ok(());
            }
            CURRENT_USER
                .remove_tree(key)
                .map_err(|error| error.to_string())
        }
    }
}
