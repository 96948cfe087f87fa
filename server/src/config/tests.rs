use super::*;

fn written(text: &str) -> Written {
    Written::from_toml(text).unwrap()
}

#[test]
fn nothing_written_gives_the_defaults() {
    assert_eq!(
        Settings::resolve([written("")]).unwrap(),
        Settings::default()
    );
}

#[test]
fn later_places_win() {
    let (environment, _) = Written::from_env([
        ("IOCD_LISTEN".to_owned(), "127.0.0.1:2".to_owned()),
        ("IOCD_LOG_LEVEL".to_owned(), "debug".to_owned()),
        (
            "IOCD_TRUSTED_PROXIES".to_owned(),
            "192.0.2.1, 2001:db8::/32".to_owned(),
        ),
        ("IOCD_API_KEY".to_owned(), "somebody's".to_owned()),
        ("IOCD_HISTORY_DAYS".to_owned(), "400".to_owned()),
        ("IOCD_KEEP_ENDED_DAYS".to_owned(), "401".to_owned()),
        ("IOCD_ARTICLES_ARCHIVE_AFTER".to_owned(), "90d".to_owned()),
        ("HOME".to_owned(), "/".to_owned()),
    ])
    .unwrap();
    let flags = Written {
        listen: Some("127.0.0.1:3".into()),
        ..Written::default()
    };
    let file =
        written("listen = '127.0.0.1:1'\ndata = 'd'\n[log]\nlevel = 'error'\nformat = 'json'");
    let settings = Settings::resolve([file, environment, flags]).unwrap();
    assert_eq!(settings.listen.port(), 3);
    assert_eq!(settings.data, PathBuf::from("d"));
    assert_eq!(
        settings.log,
        Log {
            format: LogFormat::Json,
            level: LogLevel::Debug
        }
    );
    assert_eq!(settings.trusted_proxies.len(), 2);
    assert_eq!(settings.store.history_days, 400);
    assert_eq!(settings.store.keep_ended_days, Some(401));
    assert_eq!(settings.articles.archive_after, 90);
}

#[test]
fn what_is_printed_reads_back_the_same() {
    let text = "feeds = 'more \"feeds\"'\ntrusted_proxies = ['192.0.2.7/24']\napi_key_in_query = true\n\
                metrics_listen = '[::1]:9184'\ncors_origins = ['https://a.example.com']\n\
                [limits]\nmax_connections = 7\nrequest_timeout_seconds = 3\n\
                max_connections_per_address = 5\nmax_requests = 6\nmax_requests_per_key = 4\n\
                [tls]\ncertificate = 'a \"b\".pem'\nkey = 'k.pem'\n\
                [store]\nhistory_days = 9\nkeep_ended_days = 9\n\
                [articles]\narchive_after = '31d'\n\
                [warnings]\nlists = ['a \"b\".json']\ninformational = ['vpn-ipv4']\nbuiltin = false\n\
                [tiers.pro]\nrequests_per_minute = 0\n\
                [tiers.\"gold plus\"]\nrank = 25\nrequests_per_minute = 5\nrequests_per_day = 6\n\
                results_per_request = 7\nlookback_days = 8\narticle_lookback_days = 0\n\
                formats = 'all'\nkeys_per_account = 9";
    let settings = Settings::resolve([written(text)]).unwrap();
    assert_eq!(settings.articles.archive_after, 31);
    assert_eq!(settings.tiers.get(PRO).unwrap().limits.per_minute, None);
    assert_eq!(settings.tiers.get(PRO).unwrap().results, 10_000);
    assert_eq!(
        Settings::resolve([written(&settings.to_toml())]).unwrap(),
        settings
    );
    let names: Vec<_> = settings
        .tiers
        .iter()
        .map(|tier| tier.name.as_str())
        .collect();
    assert_eq!(names, [FREE, PRO, "gold plus", UNLIMITED]);
}

#[test]
fn no_key_has_all_requests() {
    for (text, of_key) in [
        ("", 128),
        ("[limits]\nmax_requests = 800", 100),
        ("[limits]\nmax_requests = 3", 1),
        ("[limits]\nmax_requests_per_key = 7", 7),
    ] {
        let settings = Settings::resolve([written(text)]).unwrap();
        assert_eq!(settings.limits.max_requests_per_key, of_key, "{text}");
    }
    let bounds = Settings::default().limits;
    assert!((bounds.max_connections_per_address as u64) < bounds.max_requests);
}

#[test]
fn mistakes_are_errors() {
    assert!(Written::from_toml("lisen = 'x'").is_err());
    assert!(Written::from_toml("[limits]\nmax = 1").is_err());
    assert!(Written::from_toml("[tiers.free]\nrequests = 1").is_err());
    let (nothing, unknown) =
        Written::from_env([("IOCD_LISEN".to_owned(), "x".to_owned())]).unwrap();
    assert_eq!(
        (nothing, unknown),
        (Written::default(), vec!["IOCD_LISEN".to_owned()])
    );
    assert!(Written::from_env([("IOCD_MAX_CONNECTIONS".to_owned(), "x".to_owned())]).is_err());
    assert!(Written::from_env([("IOCD_LOG_LEVEL".to_owned(), "loud".to_owned())]).is_err());
    for text in [
        "listen = 'here'",
        "trusted_proxies = ['example.com']",
        "[limits]\nmax_connections = 0",
        "[limits]\nrequest_timeout_seconds = 0",
        "[limits]\nmax_header_bytes = 5",
        "[store]\nhistory_days = 0",
        "[store]\nkeep_ended_days = 29",
        "[articles]\narchive_after = '0d'",
        "[articles]\narchive_after = '730'",
        "[articles]\narchive_after = '70000d'",
        "[tiers.mine]\nrank = 1",
        "[tiers.free]\nresults_per_request = 0",
    ] {
        assert!(Settings::resolve([written(text)]).is_err(), "{text}");
    }
}

#[test]
fn what_is_served_to_whom_is_checked() {
    for (text, key, part) in [
        (
            "metrics_listen = '192.0.2.1:9184'",
            "metrics_listen",
            "loopback",
        ),
        (
            "metrics_listen = '0.0.0.0:9184'",
            "metrics_listen",
            "read:metrics",
        ),
        (
            "metrics_listen = '9184'",
            "metrics_listen",
            "127.0.0.1:9184",
        ),
        (
            "cors_origins = ['*']",
            "cors_origins",
            "no path, no wildcard",
        ),
        (
            "cors_origins = ['https://*.example.com']",
            "cors_origins",
            "exact",
        ),
        (
            "cors_origins = ['https://a.example.com/']",
            "cors_origins",
            "exact",
        ),
        (
            "cors_origins = ['https://A.example.com']",
            "cors_origins",
            "exact",
        ),
        ("cors_origins = ['a.example.com']", "cors_origins", "exact"),
        ("[tls]\nkey = 'k.pem'", "tls", "tls.certificate beside it"),
        ("[tls]\ncertificate = 'c.pem'", "tls", "tls.key beside it"),
        (
            "[limits]\nmax_requests = 0",
            "limits.max_requests",
            "at least 1",
        ),
        (
            "[limits]\nmax_requests_per_key = 0",
            "limits.max_requests_per_key",
            "at least 1",
        ),
    ] {
        let error = Settings::resolve([written(text)]).unwrap_err().to_string();
        assert!(
            error.contains(&format!("setting {key}:")),
            "{text}: {error}"
        );
        assert!(error.contains(part), "{text}: {error}");
    }
    let (environment, _) = Written::from_env([
        (
            "IOCD_METRICS_LISTEN".to_owned(),
            "127.0.0.1:9184".to_owned(),
        ),
        (
            "IOCD_CORS_ORIGINS".to_owned(),
            "https://a.example.com, http://[::1]:3000".to_owned(),
        ),
        ("IOCD_TLS_CERTIFICATE".to_owned(), "c.pem".to_owned()),
    ])
    .unwrap();
    let file = written("[tls]\nkey = 'k.pem'");
    let settings = Settings::resolve([file, environment]).unwrap();
    assert_eq!(
        settings.metrics_listen.map(|address| address.port()),
        Some(9184)
    );
    assert_eq!(settings.cors_origins.len(), 2);
    assert_eq!(settings.tls.unwrap().certificate, PathBuf::from("c.pem"));
}
