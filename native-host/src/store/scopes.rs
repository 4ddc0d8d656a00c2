//! Permissions for sites, which outlive a host: a browser ends it when nothing was asked for a while.

use rusqlite::params;
use sotto_core::consent::Scope;

use super::{Store, StoreError};

pub(super) const SCHEMA: &str = "
    CREATE TABLE scopes (
        site TEXT PRIMARY KEY,
        scope TEXT NOT NULL
    ) STRICT;
";

impl Store {
    /// Every permission, as it was stored. One that cannot be read is none.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn scopes(&self) -> Result<Vec<Scope>, StoreError> {
        let stored: Vec<String> = self.read(|database| {
            let mut select = database.prepare("SELECT scope FROM scopes ORDER BY site")?;
            select.query_map([], |row| row.get(0))?.collect()
        })?;
        let scopes = stored
            .iter()
            .filter_map(|json| serde_json::from_str(json).ok());
        Ok(scopes.collect())
    }

    /// Stores a permission, in the place of an older one for the site.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn add_scope(&mut self, scope: &Scope) -> Result<(), StoreError> {
        // Strings and numbers: this cannot fail; what cannot be read again is no permission.
        let json = serde_json::to_string(scope).unwrap_or_default();
        self.write(|database| {
            database.execute(
                "INSERT OR REPLACE INTO scopes (site, scope) VALUES (?1, ?2)",
                params![scope.site, json],
            )?;
            Ok(())
        })
    }

    /// Removes the permission for a site, or all of them.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn remove_scopes(&mut self, site: Option<&str>) -> Result<(), StoreError> {
        self.write(|database| {
            database.execute("DELETE FROM scopes WHERE ?1 IS NULL OR site = ?1", [site])?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sotto_core::consent::{EndpointTerms, TokenLimitField};

    #[test]
    fn permissions_come_back_as_they_were() {
        let home = tempfile::tempdir().unwrap();
        let endpoint = EndpointTerms {
            url: "https://e.example".into(),
            model: "m".into(),
            token_limit: TokenLimitField::MaxTokens,
        };
        let scope = |site: &str, granted_at_ms| Scope {
            site: site.into(),
            endpoint: endpoint.fingerprint(),
            granted_at_ms,
            expires_at_ms: u64::MAX,
        };
        let (one, two) = (scope("https://a.example", 1), scope("https://b.example", 2));
        let mut store = Store::open(home.path()).unwrap();
        for scope in [&scope("https://a.example", 0), &one, &two] {
            store.add_scope(scope).unwrap();
        }
        // Another host, or this one after a restart.
        let mut other = Store::open(home.path()).unwrap();
        assert_eq!(other.scopes().unwrap(), [one.clone(), two]);
        other.remove_scopes(Some("https://b.example")).unwrap();
        assert_eq!(store.scopes().unwrap(), [one]);
        store
            .connection
            .execute("UPDATE scopes SET scope = '{'", [])
            .unwrap();
        assert_eq!(store.scopes().unwrap(), []);
        other.remove_scopes(None).unwrap();
        assert_eq!(store.scopes().unwrap(), []);
    }
}
