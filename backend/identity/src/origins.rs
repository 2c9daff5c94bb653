//! Whose web pages may use the API.
//!
//! A browser says where a page is from, and nobody else does: apps and OBS have no origin. What a
//! page asks for is judged by the tenant it asks it of, which its token names; a page without a
//! token, by the tenant of the room. Before either is known, as in a browser's preflight, it is
//! enough that the page may use *some* tenant's rooms here.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use parlor_domain::access::Principal;
use parlor_domain::id::TenantId;
use parlor_domain::tenant::Origin;
use parlor_store::StoreError;

use crate::{Caller, Directory};

/// Why a page was turned away.
#[derive(Debug, thiserror::Error)]
pub enum PageRefusal {
    #[error("pages of {0:?} may not use this tenant's rooms")]
    Origin(Arc<str>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whose pages may use this server, as far as its settings say.
pub struct Origins {
    /// The address that people reach this server by.
    public_url: String,
    /// What holds for tenants without a list of their own.
    allowed: Vec<Origin>,
    directory: Arc<Directory>,
}

impl Origins {
    pub fn new(public_url: String, allowed: Vec<Origin>, directory: Arc<Directory>) -> Self {
        Self {
            public_url,
            allowed,
            directory,
        }
    }

    /// Where the page is from that sent `headers`; `None` for apps, and for pages of this server, which
    /// need no leave.
    pub fn foreign(&self, headers: &HeaderMap) -> Option<Arc<str>> {
        // What is no text is no origin that anybody allowed.
        let text = |name| {
            let value = headers.get(name)?;
            Some(value.to_str().unwrap_or_default())
        };
        let origin = text(header::ORIGIN)?;

        (!is_own(origin, text(header::HOST), &self.public_url)).then(|| Arc::from(origin))
    }

    /// Whether pages of `origin` may use some tenant's rooms.
    pub async fn some_may_use(&self, origin: &str) -> Result<bool, StoreError> {
        if self.allows(origin) {
            return Ok(true);
        }

        self.directory.some_tenant_allows(origin).await
    }

    /// Judges the page that `caller` asks from by the tenant of their token. Without one, a tenant's
    /// room judges it later, by [`check_room`](Self::check_room).
    pub async fn check_caller(&self, caller: &Caller) -> Result<(), PageRefusal> {
        let Some(origin) = &caller.origin else {
            return Ok(());
        };
        let may_use = match &caller.principal {
            Principal::Anonymous => true,
            Principal::Operator { .. } => self.allows(origin),
            Principal::Viewer { tenant_id, .. }
            | Principal::Staff { tenant_id, .. }
            | Principal::Overlay { tenant_id, .. } => self.may_use(*tenant_id, origin).await?,
        };

        refuse_unless(may_use, origin)
    }

    /// Judges the page that `caller` reads a room of `tenant_id` from, if they have no token that
    /// would have judged it.
    pub async fn check_room(
        &self,
        caller: &Caller,
        tenant_id: TenantId,
    ) -> Result<(), PageRefusal> {
        match (&caller.origin, caller.principal.tenant_id()) {
            (Some(origin), None) => refuse_unless(self.may_use(tenant_id, origin).await?, origin),
            (None, _) | (Some(_), Some(_)) => Ok(()),
        }
    }

    /// Whether pages of `origin` may use the tenant's rooms.
    async fn may_use(&self, tenant_id: TenantId, origin: &str) -> Result<bool, StoreError> {
        let known = self.directory.tenant(tenant_id).await?;
        let own = known
            .as_ref()
            .and_then(|known| known.tenant.allowed_origins.as_ref());

        Ok(match own {
            Some(own) => own.iter().any(|allowed| allowed.allows(origin)),
            None => self.allows(origin),
        })
    }

    fn allows(&self, origin: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed.allows(origin))
    }
}

fn refuse_unless(may_use: bool, origin: &Arc<str>) -> Result<(), PageRefusal> {
    if may_use {
        Ok(())
    } else {
        Err(PageRefusal::Origin(Arc::clone(origin)))
    }
}

/// Whether `origin` is this server's own, by the name it was reached by or the one it hands out.
fn is_own(origin: &str, host: Option<&str>, public_url: &str) -> bool {
    let Some((scheme, origin_host)) = origin.split_once("://") else {
        return false;
    };
    // Proxies commonly put the port behind it, also where browsers leave it out.
    let port_known = if scheme == "https" { ":443" } else { ":80" };
    let host = host.map(|host| host.strip_suffix(port_known).unwrap_or(host));
    let path_starts = public_url
        .find("://")
        .and_then(|scheme| public_url[scheme + 3..].find('/').map(|at| scheme + 3 + at));
    let public_origin = &public_url[..path_starts.unwrap_or(public_url.len())];

    host == Some(origin_host) || origin == public_origin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_the_servers_own_by_either_of_its_names() {
        let cases = [
            ("https://parlor.example:8080", true),
            ("https://parlor.example", false),
            ("https://public.example", true),
            ("http://public.example", false),
            ("https://public.example.evil.example", false),
            ("null", false),
            ("", false),
        ];
        for (origin, expected) in cases {
            for public_url in ["https://public.example", "https://public.example/parlor"] {
                let own = is_own(origin, Some("parlor.example:8080"), public_url);
                assert_eq!(own, expected, "{origin}");
            }
        }
        assert!(!is_own("null", None, "https://public.example"));
    }

    #[test]
    fn a_port_that_goes_without_saying_makes_no_other_name() {
        for (origin, host, expected) in [
            ("https://parlor.example", "parlor.example:443", true),
            ("http://parlor.example", "parlor.example:80", true),
            ("http://parlor.example", "parlor.example:443", false),
            ("https://parlor.example", "parlor.example:8443", false),
            ("https://parlor.example:8443", "parlor.example:8443", true),
            ("https://parlor.example", "other.parlor.example:443", false),
        ] {
            let own = is_own(origin, Some(host), "https://public.example");
            assert_eq!(own, expected, "{origin} at {host}");
        }
    }
}
