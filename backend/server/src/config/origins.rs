//! Origins that settings name: whose pages may call this server, and whose scripts its own page may run.

use anyhow::{Result, ensure};
use parlor_domain::invalid::Invalid;
use parlor_domain::tenant::Origin;

/// Whose pages may call this server.
pub(super) fn allowed(lists: [Vec<String>; 2]) -> Result<Vec<Origin>> {
    Ok(first_of("--allowed-origin", lists)?)
}

/// Whose modules the overlay's page may run as widgets.
pub(super) fn of_widgets(lists: [Vec<String>; 2]) -> Result<Vec<Origin>> {
    let origins = first_of("--widget-origin", lists)?;
    ensure!(
        !origins.iter().any(|origin| origin.as_str() == "*"),
        "--widget-origin cannot be `*`: any page on the web could then run its scripts as this server's own"
    );

    Ok(origins)
}

/// Takes the first of `lists` that says anything as origins. An empty text is none, as an environment
/// variable without a value.
fn first_of(field: &'static str, lists: [Vec<String>; 2]) -> Result<Vec<Origin>, Invalid> {
    let list = lists.into_iter().find(|list| !list.is_empty());
    let list = list.unwrap_or_default();
    let given = list.iter().filter(|text| !text.is_empty());

    given
        .map(|text| Origin::parse(text).map_err(|invalid| Invalid { field, ..invalid }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(origins: &[&str]) -> Vec<String> {
        origins.iter().map(|&text| text.to_owned()).collect()
    }

    fn allows(origins: &[Origin], origin: &str) -> bool {
        origins.iter().any(|allowed| allowed.allows(origin))
    }

    #[test]
    fn an_origin_that_no_browser_would_send_is_refused_by_name() {
        for odd in [
            "example.com",
            "https://example.com/",
            "https://example.com/live",
            " https://example.com",
            "null",
        ] {
            let given = list(&["https://a.example", odd]);
            let refusal = allowed([given, Vec::new()]).unwrap_err().to_string();
            for said in [
                "`--allowed-origin` must be an origin such as `https://",
                odd,
            ] {
                assert!(refusal.contains(said), "{refusal}");
            }
        }

        let given = list(&["https://a.example", "http://localhost:3000", ""]);
        let origins = allowed([given, list(&["https://b.example"])]).unwrap();
        assert!(allows(&origins, "https://a.example"));
        assert!(!allows(&origins, "https://b.example"));
        assert!(!allows(&origins, ""));
        let any = allowed([Vec::new(), list(&["*"])]).unwrap();
        assert!(allows(&any, "null"));
    }

    #[test]
    fn widgets_come_from_origins_that_are_named() {
        let origins = of_widgets([list(&["https://widgets.example"]), Vec::new()]).unwrap();
        assert_eq!(origins.len(), 1);
        for odd in ["*", "https:", "https://a.example; script-src *"] {
            let refusal = of_widgets([list(&[odd]), Vec::new()]).unwrap_err();
            assert!(refusal.to_string().contains("--widget-origin"), "{refusal}");
        }
    }
}
