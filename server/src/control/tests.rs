use jiff::Timestamp;

use super::*;
use crate::config::{FREE, PRO};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn control() -> Control {
    Control::in_memory(Tiers::default(), Clock::manual(at(1_000_000))).unwrap()
}

fn request(account: &str, tier: Option<&str>) -> KeyRequest {
    KeyRequest {
        account: account.into(),
        tier: tier.map(Into::into),
        ..KeyRequest::named("test")
    }
}

#[test]
fn what_is_told_of_a_change_is_what_is_told_ever_after() {
    let control = Control::in_memory(Tiers::default(), Clock::System).unwrap();
    let request = KeyRequest {
        expires_in_days: Some(1),
        ..KeyRequest::named("a")
    };
    let (made, _) = control.create_key(&request).unwrap();
    assert_eq!(control.key(&made.id).unwrap(), made);
    let revoked = control.revoke_key(&made.id, None).unwrap();
    assert_eq!(control.key(&made.id).unwrap(), revoked);
    let account = control.create_account("soc", PRO).unwrap();
    assert!(control.accounts().unwrap().contains(&account));
}

#[test]
fn a_fresh_directory_has_one_account_and_keeps_what_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let open = || {
        Control::open(
            directory.path(),
            Tiers::default(),
            Clock::manual(at(1_000_000)),
        )
        .unwrap()
    };
    let control = open();
    let accounts = control.accounts().unwrap();
    assert_eq!(accounts.len(), 1);
    assert_eq!(
        (accounts[0].name.as_str(), accounts[0].tier.as_str()),
        ("default", "unlimited")
    );
    let request = KeyRequest {
        expires_in_days: Some(30),
        networks: vec![
            "192.0.2.0/24".parse().unwrap(),
            "2001:db8::/32".parse().unwrap(),
        ],
        scopes: Some("read:iocs,manage:keys".parse().unwrap()),
        tier: Some(PRO.into()),
        ..KeyRequest::named("desk")
    };
    let (info, secret) = control.create_key(&request).unwrap();
    drop(control);

    let control = open();
    assert_eq!(control.keys().unwrap(), std::slice::from_ref(&info));
    let caller = control
        .authenticate(secret.reveal().as_bytes(), at(1_000_001))
        .unwrap();
    assert_eq!(caller.key(), &info);
    assert_eq!(caller.tier().name, PRO);
    drop(control);

    // Neither the database nor its log ever held the secret.
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let needle = &secret.reveal().as_bytes()[16..];
        assert!(!bytes.windows(needle.len()).any(|window| window == needle));
    }
    std::fs::remove_file(directory.path().join("key.secret")).unwrap();
    let reopened = Control::open(directory.path(), Tiers::default(), Clock::System);
    assert!(matches!(
        reopened.err(),
        Some(ControlError::KeyFileMissing(_))
    ));
}

#[test]
fn a_later_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control.sqlite");
    drop(SqliteRecords::open(&path).unwrap());
    rusqlite::Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    assert!(matches!(
        SqliteRecords::open(&path),
        Err(ControlError::Version { found: 99, .. })
    ));
}

#[test]
fn revocation_works_at_once_and_stays() {
    let control = control();
    let (info, secret) = control.create_key(&KeyRequest::named("a")).unwrap();
    let secret = secret.reveal().as_bytes();
    assert!(control.authenticate(secret, at(0)).is_ok());
    let revoked = control.revoke_key(&info.prefix, Some("lost")).unwrap();
    assert!(matches!(
        control.authenticate(secret, at(0)),
        Err(AuthError::Invalid)
    ));
    assert_eq!(
        control
            .revoke_key(&info.id, Some("another reason"))
            .unwrap(),
        revoked
    );
    assert_eq!(revoked.revoked_reason.as_deref(), Some("lost"));
    assert_eq!(control.key(&info.id).unwrap(), revoked);
    assert!(matches!(
        control.revoke_key(&info.id, Some(&"x".repeat(MAX_REASON + 1))),
        Err(ControlError::Reason)
    ));
    assert!(matches!(
        control.revoke_key("sk_live_none", None),
        Err(ControlError::UnknownKey(_))
    ));
}

#[test]
fn keys_expire() {
    let control = control();
    let request = KeyRequest {
        expires_in_days: Some(1),
        ..KeyRequest::named("a")
    };
    let (_, secret) = control.create_key(&request).unwrap();
    let secret = secret.reveal().as_bytes();
    assert!(control.authenticate(secret, at(1_086_399)).is_ok());
    assert!(matches!(
        control.authenticate(secret, at(1_086_400)),
        Err(AuthError::Expired(_))
    ));
    for days in [0, 366] {
        let request = KeyRequest {
            expires_in_days: Some(days),
            ..KeyRequest::named("a")
        };
        assert!(matches!(
            control.create_key(&request),
            Err(ControlError::Expiry(_))
        ));
    }
}

#[test]
fn an_account_bounds_its_keys() {
    let control = control();
    control.create_account("small", FREE).unwrap();
    assert!(matches!(
        control.create_account("small", PRO),
        Err(ControlError::AccountExists(_))
    ));
    assert!(matches!(
        control.create_account("x", "gold"),
        Err(ControlError::UnknownTier { .. })
    ));
    assert!(matches!(
        control.create_account(" ", PRO),
        Err(ControlError::Name(_))
    ));
    assert!(matches!(
        control.create_key(&request("small", Some(PRO))),
        Err(ControlError::TierAboveAccount { .. })
    ));
    assert!(matches!(
        control.create_key(&request("nobody", None)),
        Err(ControlError::UnknownAccount(_))
    ));
    let keys: Vec<_> = (0..3)
        .map(|_| control.create_key(&request("small", None)).unwrap().0)
        .collect();
    assert!(keys.iter().all(|key| key.tier == FREE));
    assert!(matches!(
        control.create_key(&request("small", None)),
        Err(ControlError::KeyLimit { limit: 3, .. })
    ));
    control.revoke_key(&keys[0].id, None).unwrap();
    control.create_key(&request("small", None)).unwrap();
}

#[test]
fn windows_outlive_a_reload() {
    let control = control();
    let (_, secret) = control.create_key(&request("default", Some(FREE))).unwrap();
    let limits = Tiers::default().get(FREE).unwrap().limits;
    let charge = || {
        let caller = control
            .authenticate(secret.reveal().as_bytes(), at(5_000))
            .unwrap();
        caller.activity().meter.charge(limits, at(5_000)).is_ok()
    };
    assert!((0..10).all(|_| charge()));
    control.reload_keys().unwrap();
    assert!(!charge());
}

#[test]
fn feed_states_make_the_coverage() {
    let control = control();
    let mut out = Vec::new();
    control.write_coverage(&mut out);
    assert_eq!(out, br#"{"feeds":0,"stale":0,"failing":0}"#);
    for (feed, condition, good) in [
        ("a", Condition::Ok, Some(at(200))),
        ("b", Condition::Stale, Some(at(100))),
        ("c", Condition::Unreachable, None),
    ] {
        let state = FeedState {
            stale_at: None,
            feed: feed.into(),
            condition,
            last_good_at: good,
            last_attempt_at: Some(at(300)),
            message: Some("said".into()),
            rows_accepted: 7,
            rows_refused: 1,
        };
        control.set_feed_state(&state).unwrap();
    }
    out.clear();
    control.write_coverage(&mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#"{"feeds":3,"stale":1,"failing":1,"oldest_fetch":"1970-01-01T00:01:40Z"}"#
    );
    assert_eq!(
        control.records.feed_states().unwrap(),
        control.feed_states()
    );
}

#[test]
fn refused_rows_are_replaced_and_bounded() {
    let control = control();
    let row = |line| RefusedRow {
        line,
        text: "x".repeat(600),
        reason: "no value".into(),
    };
    let rows: Vec<_> = (1..=1_500).map(row).collect();
    control.put_refused("a", &rows).unwrap();
    let kept = control.refused("a").unwrap();
    assert_eq!(kept.len(), MAX_REFUSED);
    assert_eq!((kept[999].line, kept[999].text.len()), (1_000, 512));
    control.put_refused("a", &rows[..1]).unwrap();
    assert_eq!(control.refused("a").unwrap().len(), 1);
    assert!(control.refused("b").unwrap().is_empty());
}

#[test]
fn scopes_read_and_write() {
    let all: Scopes = Scope::ALL.into_iter().collect();
    assert_eq!(all.to_string().parse::<Scopes>().unwrap(), all);
    assert!(!Scopes::reading().contain(Scope::ManageKeys));
    assert!(Scopes::reading().contain(Scope::ReadIocs));
    assert!("read:everything".parse::<Scopes>().is_err());
}

mod usage;
