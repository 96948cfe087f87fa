//! A month of sixty feeds: lists that change, outages, drift, restarts, and a
//! crash a day. Nothing waits: the clock is moved, and no socket is opened.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use iocd::articles::Articles;
use iocd::clock::Clock;
use iocd::config::{FetchSettings, Tiers};
use iocd::control::{Control, DATABASE};
use iocd::feeds::Feeds;
use iocd::fetch::Spool;
use iocd::run::{Outcome, Parts, Run, Runner};
use iocd::schedule::Schedule;
use iocd::store::ClaimStore as _;
use iocd::store::embedded::Embedded;
use iocd_core::claim::ClaimId;
use iocd_core::query::{ChangeSink, Entry, Filter, Following, Gone};
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Runtime;

mod world;

use world::{FEEDS, Served, World, name};

const DAYS: i64 = 30;
/// By which the clock is moved, in milliseconds.
const STEP: i64 = 300_000;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A process at work on a data directory.
struct Process {
    runner: Arc<Runner<Embedded>>,
    store: Arc<Embedded>,
    control: Arc<Control>,
}

impl Process {
    /// Starts, and plans what was missed.
    fn start(dir: &Path, feeds: &Arc<Feeds>, world: &Arc<World>, seed: u64) -> Process {
        let clock = world.clock.clone();
        let store = Arc::new(Embedded::open(&dir.join("claims")).unwrap());
        let control = Control::open(dir, Tiers::default(), clock.clone()).unwrap();
        let control = Arc::new(control);
        let web = Arc::clone(world);
        let runner = Runner::new(Parts {
            store: Arc::clone(&store),
            control: Arc::clone(&control),
            articles: Arc::new(Articles::open(&dir.join("articles.db")).unwrap()),
            feeds: Arc::clone(feeds),
            settings: FetchSettings {
                feeds: (0..FEEDS).map(name).collect(),
                ..FetchSettings::default()
            },
            dir: dir.to_owned(),
            clock: clock.clone(),
            seed,
            web: Box::new(move || Ok(web.clone())),
        });
        let runner = Arc::new(runner);
        let planned = Schedule::new(Arc::clone(&runner))
            .begin(clock.now())
            .unwrap();
        assert_eq!(planned, FEEDS);
        Process {
            runner,
            store,
            control,
        }
    }

    fn due(&self, now: Timestamp) -> Vec<String> {
        Schedule::new(Arc::clone(&self.runner)).due(now)
    }

    fn run(&self, name: &str, runtime: &Runtime) -> Run {
        let turn = self.runner.take(name).unwrap();
        turn.run(runtime.handle(), None).unwrap()
    }
}

/// What a crash leaves, at a moment before it: a folder or file, copied.
fn image(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            image(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Puts what an image has of these names in place of what is there.
fn put_back(image: &Path, data: &Path, names: &[&str]) {
    for name in names {
        let (from, to) = (image.join(name), data.join(name));
        if to.is_dir() {
            std::fs::remove_dir_all(&to).unwrap();
        } else if to.exists() {
            std::fs::remove_file(&to).unwrap();
        }
        if from.exists() {
            std::fs::rename(from, to).unwrap();
        }
    }
}

/// The files of the control data.
fn control_files() -> [String; 3] {
    ["", "-wal", "-shm"].map(|end| format!("{DATABASE}{end}"))
}

/// A client that follows the list of all active entries.
#[derive(Default)]
struct Follower {
    after: u64,
    copy: BTreeMap<ClaimId, String>,
}

impl ChangeSink for Follower {
    fn total(&mut self, _: u64) {}

    fn entry(&mut self, entry: &Entry<'_>) {
        let text = format!("{} {}", entry.source.name, entry.value);
        self.copy.insert(entry.id, text);
    }

    fn gone(&mut self, gone: &Gone<'_>) {
        self.copy.remove(&gone.id);
    }
}

impl Follower {
    fn poll(&mut self, process: &Process, runtime: &Runtime, now: Timestamp) {
        loop {
            let filter = Filter::default();
            let following = Following {
                filter: &filter,
                after: self.after,
                limit: 500,
                include_removed: true,
                now,
            };
            let reached = runtime.block_on(process.store.follow(&following, self));
            let reached = reached.unwrap();
            if reached == self.after {
                return;
            }
            self.after = reached;
        }
    }
}

/// What a feed must be after a run that was served so.
fn expected(served: Served) -> (&'static str, &'static [Outcome]) {
    match served {
        Served::List(_) => ("ok", &[Outcome::Read, Outcome::Unchanged]),
        Served::NotModified(_) => ("ok", &[Outcome::Unchanged]),
        Served::Vanished => ("quarantined", &[Outcome::Held]),
        Served::Page => ("suspicious", &[Outcome::Failed]),
        Served::Status(403) => ("auth_failed", &[Outcome::Failed]),
        Served::Status(429) => ("rate_limited", &[Outcome::Failed]),
        Served::Status(_) | Served::Silence => ("unreachable", &[Outcome::Failed]),
    }
}

/// A file system in memory where there is one: the month syncs often.
fn directory() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    tempfile::tempdir_in(&memory).unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

#[test]
fn sixty_feeds_live_through_a_month() {
    let runtime = Runtime::new().unwrap();
    let dir = directory();
    let (data, descriptions) = (dir.path().join("data"), dir.path().join("feeds"));
    std::fs::create_dir_all(&data).unwrap();
    world::describe(&descriptions);
    let feeds = Arc::new(Feeds::load(Some(&descriptions)).unwrap());
    let start = Timestamp::from_second(1_760_000_400).unwrap();
    let world = Arc::new(World::new(
        Clock::manual(start),
        Spool::open(dir.path().join("spool")).unwrap(),
    ));
    let mut process = Process::start(&data, &feeds, &world, 0);
    let mut follower = Follower::default();
    // The list that each feed must hold: what was served and believed last.
    let mut lists = BTreeMap::<String, u64>::new();
    let (mut runs, mut reads, mut crashes) = (0_u32, 0, 0);
    let end = start + HOUR * i32::try_from(24 * DAYS).unwrap();
    let mut day = 0;
    while world.clock.now() < end {
        let now = world.clock.now();
        let hour = now.duration_since(start).as_hours();
        for name in process.due(now) {
            let crash = hour / 24 > day && runs % 7 == 3;
            let image_dir = dir.path().join("image");
            if crash {
                std::fs::create_dir_all(&image_dir).unwrap();
                image(&data, &image_dir);
            }
            let run = process.run(&name, &runtime);
            let (feed, served) = world.last().unwrap();
            assert_eq!(feed, name);
            let (state, outcomes) = expected(served);
            assert_eq!(run.state, state, "{name} {served:?} {run:?}");
            assert!(outcomes.contains(&run.outcome), "{name} {served:?} {run:?}");
            let before = lists.get(&name).copied();
            if let Served::List(version) | Served::NotModified(version) = served {
                lists.insert(name.clone(), version);
            }
            runs += 1;
            reads += u32::from(run.outcome == Outcome::Read);
            if crash {
                day += 1;
                crashes += 1;
                drop(process);
                let files = control_files();
                let control: Vec<&str> = files.iter().map(String::as_str).collect();
                match day % 3 {
                    // After everything was noted.
                    0 => {}
                    // After the claims were durable, before that was noted.
                    1 => put_back(&image_dir, &data, &control),
                    // While the document came.
                    _ => {
                        put_back(&image_dir, &data, &control);
                        put_back(&image_dir, &data, &["claims"]);
                        match before {
                            Some(version) => lists.insert(name.clone(), version),
                            None => lists.remove(&name),
                        };
                    }
                }
                let _ = std::fs::remove_dir_all(&image_dir);
                process = Process::start(&data, &feeds, &world, runs.into());
                break;
            }
        }
        if hour % 24 == 12 && now.as_second() % 3600 == 0 {
            follower.poll(&process, &runtime, now);
        }
        world.clock.advance(STEP);
    }
    assert_eq!(crashes, DAYS - 1, "one each day but the first");
    assert!(
        runs > 5_000 && reads > 1_000,
        "{runs} runs, {reads} of them read"
    );

    let now = world.clock.now();
    for feed in 0..FEEDS {
        let state = process.control.feed_state(&name(feed)).unwrap();
        let end = world::state_at_the_end(feed);
        assert_eq!(state.condition.as_str(), end, "{feed}: {state:?}");
    }
    let model: BTreeSet<String> = lists
        .iter()
        .flat_map(|(name, version)| {
            let addresses = world::addresses(world::number(name), *version);
            addresses
                .into_iter()
                .map(move |address| format!("{name} {address}"))
        })
        .collect();
    assert_eq!(process.store.counts().active, model.len() as u64);
    follower.poll(&process, &runtime, now);
    let copy: BTreeSet<String> = follower.copy.into_values().collect();
    let differing: Vec<_> = copy.symmetric_difference(&model).take(5).collect();
    assert!(differing.is_empty(), "{differing:?}");
}
