//! What is counted, written down, taken up again, and told.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::endpoint::Endpoint;

const DAY: i64 = 86_400;
/// The first moment of a day.
const START: i64 = 20_000 * DAY;

/// A clock at [`START`], and control data that go by it.
fn control_at_start() -> (Control, Clock) {
    let clock = Clock::manual(at(START));
    let control = Control::in_memory(Tiers::default(), clock.clone()).unwrap();
    (control, clock)
}

fn use_key(control: &Control, secret: &Secret, statuses: &[u16], path: &str) {
    let now = control.clock.now();
    let caller = control.authenticate(secret.reveal().as_bytes(), now);
    let caller = caller.unwrap();
    for status in statuses {
        let took = Duration::from_millis(u64::from(*status / 100));
        let endpoint = Endpoint::named(path);
        caller.activity().count(endpoint, *status, took, now);
    }
}

#[test]
fn usage_adds_up_by_hour_day_status_and_endpoint() {
    let (control, clock) = control_at_start();
    let (info, secret) = control.create_key(&KeyRequest::named("a")).unwrap();
    let (other, _) = control.create_key(&KeyRequest::named("b")).unwrap();
    use_key(&control, &secret, &[200, 200, 304, 404], "GET /api/v1/iocs");
    control.flush_usage().unwrap();
    control.flush_usage().unwrap();
    use_key(&control, &secret, &[429], "GET /api/v1/iocs/search");
    control.flush_usage().unwrap();
    clock.advance((DAY + 7_200) * 1_000);
    use_key(
        &control,
        &secret,
        &[429, 429, 500],
        "GET /api/v1/iocs/search",
    );
    control.flush_usage().unwrap();

    let usage = control.usage(&info.id, 30).unwrap();
    let counts: Vec<_> = usage.statuses.clone().into_iter().collect();
    assert_eq!(counts, [(200, 2), (304, 1), (404, 1), (429, 3), (500, 1)]);
    assert_eq!((usage.total(), usage.count(0..400)), (8, 3));
    assert_eq!(
        usage.endpoints,
        [
            ("GET /api/v1/iocs".to_owned(), 4),
            ("GET /api/v1/iocs/search".to_owned(), 4)
        ]
    );
    assert_eq!(usage.daily.len(), 30);
    assert_eq!(usage.daily[0], (at(START + DAY), 3, 3));
    assert_eq!(usage.daily[1], (at(START), 5, 2));
    assert_eq!(usage.daily[2], (at(START - DAY), 0, 0));
    assert_eq!(
        usage.limited,
        [(at(START + DAY + 7_200), 2), (at(START), 1)]
    );
    // 2, 2, 3, 4, 4, 4, 4, 5 ms.
    let latency = usage.latency.unwrap();
    for (told, exact) in [
        (latency.p50, 4.0),
        (latency.p99, 5.0),
        (latency.average, 3.5),
    ] {
        assert!((told - exact).abs() < 0.15, "{latency:?}");
    }
    let json = usage.to_json();
    assert_eq!(json["success_rate"], 0.375);
    assert_eq!(json["by_status"]["304"], 1);
    assert_eq!(json["daily"][0]["date"], "2024-10-05");
    assert_eq!(json["top_endpoints"][1]["path"], "/api/v1/iocs/search");
    assert_eq!(
        json["rate_limit_hits_by_hour"][0]["hour"],
        "2024-10-05T02:00:00Z"
    );

    // One day is today.
    assert_eq!(control.usage(&info.id, 1).unwrap().total(), 3);
    let key = control.key(&info.id).unwrap();
    assert_eq!(
        (key.total_requests, key.last_used_at),
        (8, Some(clock.now()))
    );
    let unused = control.usage(&other.id, 90).unwrap();
    assert_eq!((unused.total(), unused.latency), (0, None));
    assert!(unused.to_json()["success_rate"].is_null());
}

#[test]
fn what_is_older_than_can_be_asked_for_is_forgotten() {
    let (control, clock) = control_at_start();
    let (info, secret) = control.create_key(&KeyRequest::named("a")).unwrap();
    use_key(&control, &secret, &[200], "GET /api/v1/iocs");
    control.flush_usage().unwrap();
    let rows = |day| control.records.usage(&info.id, day).unwrap();
    clock.advance(89 * DAY * 1_000);
    control.flush_usage().unwrap();
    assert_eq!(control.usage(&info.id, 90).unwrap().total(), 1);
    clock.advance(DAY * 1_000);
    assert_eq!(control.usage(&info.id, 90).unwrap().total(), 0);
    assert!(!rows(0).statuses.is_empty());
    control.flush_usage().unwrap();
    assert_eq!(rows(0), StoredUsage::default());
}

/// Records that fail to write while they are told to.
struct Failing(SqliteRecords, Arc<Mutex<bool>>);

impl Records for Failing {
    fn add_usage(&self, counted: &[Counted]) -> Result<(), ControlError> {
        if *lock(&self.1) {
            return Err(ControlError::Storage("the disk is full".into()));
        }
        self.0.add_usage(counted)
    }
    fn copy_to(&self, path: &Path) -> Result<(), ControlError> {
        self.0.copy_to(path)
    }
    fn accounts(&self) -> Result<Vec<Account>, ControlError> {
        self.0.accounts()
    }
    fn insert_account(&self, account: &Account) -> Result<bool, ControlError> {
        self.0.insert_account(account)
    }
    fn keys(&self) -> Result<Vec<StoredKey>, ControlError> {
        self.0.keys()
    }
    fn insert_key(&self, key: &StoredKey) -> Result<(), ControlError> {
        self.0.insert_key(key)
    }
    fn revoke_key(&self, id: &str, at: Timestamp, why: Option<&str>) -> Result<(), ControlError> {
        self.0.revoke_key(id, at, why)
    }
    fn put_feed_state(&self, state: &FeedState) -> Result<(), ControlError> {
        self.0.put_feed_state(state)
    }
    fn feed_states(&self) -> Result<Vec<FeedState>, ControlError> {
        self.0.feed_states()
    }
    fn put_fetch_state(&self, state: &FetchState) -> Result<(), ControlError> {
        self.0.put_fetch_state(state)
    }
    fn fetch_states(&self) -> Result<Vec<FetchState>, ControlError> {
        self.0.fetch_states()
    }
    fn put_refused(&self, feed: &str, rows: &[RefusedRow]) -> Result<(), ControlError> {
        self.0.put_refused(feed, rows)
    }
    fn refused(&self, feed: &str) -> Result<Vec<RefusedRow>, ControlError> {
        self.0.refused(feed)
    }
    fn rulings(&self, stance: Stance) -> Result<Vec<Ruling>, ControlError> {
        self.0.rulings(stance)
    }
    fn put_ruling(&self, ruling: &Ruling) -> Result<(), ControlError> {
        self.0.put_ruling(ruling)
    }
    fn remove_ruling(
        &self,
        stance: Stance,
        pattern: &iocd_core::warning::Pattern,
    ) -> Result<bool, ControlError> {
        self.0.remove_ruling(stance, pattern)
    }
    fn usage(&self, key_id: &str, day: i64) -> Result<StoredUsage, ControlError> {
        self.0.usage(key_id, day)
    }
    fn windows(&self) -> Result<Vec<WindowCount>, ControlError> {
        self.0.windows()
    }
    fn forget_usage(&self, day: i64, now: Timestamp) -> Result<(), ControlError> {
        self.0.forget_usage(day, now)
    }
}

#[test]
fn what_could_not_be_written_down_stays_counted() {
    let fails = Arc::new(Mutex::new(true));
    let records = Failing(SqliteRecords::in_memory().unwrap(), Arc::clone(&fails));
    let clock = Clock::manual(at(START));
    let hasher = Hasher::random().unwrap();
    let control = Control::new(Box::new(records), hasher, Tiers::default(), clock).unwrap();
    let (info, secret) = control.create_key(&request("default", Some(FREE))).unwrap();
    let limits = Tiers::default().get(FREE).unwrap().limits;
    let caller = control.authenticate(secret.reveal().as_bytes(), at(START));
    let caller = caller.unwrap();
    for _ in 0..3 {
        caller.activity().meter.charge(limits, at(START)).unwrap();
        use_key(&control, &secret, &[200], "GET /api/v1/iocs");
        assert!(control.flush_usage().is_err());
    }
    *lock(&fails) = false;
    control.flush_usage().unwrap();
    let usage = control.usage(&info.id, 1).unwrap();
    assert_eq!((usage.total(), usage.peak_per_minute), (3, Some(3)));
    let windows = control.records.windows().unwrap();
    assert_eq!(windows.iter().map(|window| window.count).sum::<u32>(), 6);
}

#[test]
fn windows_outlive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Clock::manual(at(START));
    let open = || Control::open(directory.path(), Tiers::default(), clock.clone()).unwrap();
    let limits = Tiers::default().get(FREE).unwrap().limits;
    let charge = |control: &Control, secret: &Secret| {
        let now = clock.now();
        let caller = control.authenticate(secret.reveal().as_bytes(), now);
        caller.unwrap().activity().meter.charge(limits, now)
    };
    let mut control = open();
    let (info, secret) = control.create_key(&request("default", Some(FREE))).unwrap();
    // 100 minutes of ten requests, with a restart in each.
    for minute in 0..100 {
        for used in 1..=10 {
            let standing = charge(&control, &secret).unwrap();
            assert_eq!(
                standing.remaining,
                (10 - used).min(1_000 - minute * 10 - used)
            );
            if used == 5 {
                control.flush_usage().unwrap();
                control = open();
            }
        }
        assert!(charge(&control, &secret).is_err());
        clock.advance(61_000);
    }
    let refused = charge(&control, &secret).unwrap_err();
    assert_eq!(refused.standing.limit, 1_000);
    control.flush_usage().unwrap();
    let usage = control.usage(&info.id, 1).unwrap();
    assert_eq!(
        (usage.peak_per_minute, usage.peak_per_day),
        (Some(10), Some(1_000))
    );

    // A day later all is forgotten, on the disk too.
    clock.advance((DAY + 60) * 1_000);
    let control = open();
    assert_eq!(charge(&control, &secret).unwrap().remaining, 9);
    control.flush_usage().unwrap();
    assert_eq!(control.records.windows().unwrap().len(), 2);
    // The high-water mark of today does not know yesterday's.
    assert_eq!(control.usage(&info.id, 1).unwrap().peak_per_day, Some(1));
}
