//! A gateway for a supergraph of anybody's, kept on what the supergraph's file holds.
//!
//! The file is read once a second and compared with what was read before. Reading costs less than being wrong about
//! modification times, and it does not matter how the file is replaced: written over, renamed over, or behind another
//! link, as Kubernetes mounts configuration. What is being written looks different the next second and is left alone until it
//! does not; `SIGHUP` says that the file is complete and is to be read at once.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, anyhow};
use aws_lc_rs::digest::{SHA256, digest};
use chatty_kit::Tasks;
use chatty_router::{Gateway, HttpClient, HttpUpstream, Limits, Upstream, subgraph_urls};
use data_encoding::HEXLOWER;
use tokio::io::AsyncReadExt;

/// Between two looks at the file.
const PERIOD: Duration = Duration::from_secs(1);

/// Bytes of a fingerprint.
const FINGERPRINT: usize = 16;

/// Bytes of a file that is read: many times what a supergraph of thousands of types takes.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// What a look at the file found: its text, or why there is none.
type Look = Result<String, String>;

/// What is remembered of a look: the text's fingerprint, or why there was none.
type Seen = Result<String, String>;

/// How its subgraphs are asked.
#[derive(Clone)]
struct Way {
    /// Kept, so that subgraphs which stay where they are keep their connections.
    client: HttpClient,
    deduplicate: bool,
}

/// The file and what was made of it.
pub(crate) struct Foreign {
    file: PathBuf,
    gateway: Gateway,
    way: Way,
    limits: Limits,
    /// What was last acted on: the text in service, or what was refused.
    known: Seen,
    /// What has been there for one look only.
    fresh: Option<Seen>,
    /// Of the text in service.
    fingerprint: String,
    hang_ups: HangUps,
}

impl Foreign {
    /// Loads the file, whose subgraphs are at the URLs that it names. They are told nothing of who asks.
    /// `deduplicate` sends equal queries in flight once.
    pub(crate) async fn open(file: &Path, limits: Limits, deduplicate: bool) -> anyhow::Result<Self> {
        // From the beginning on: a process that does not listen to this signal is ended by it.
        let hang_ups = HangUps::listen()?;
        let text = read(file).await.map_err(|reason| anyhow!("{} cannot be read: {reason}", file.display()))?;
        let way = Way { client: HttpClient::new(), deduplicate };
        let gateway = Gateway::load(&text, way.upstreams(&text)?, limits.clone());
        let gateway = gateway.context("the supergraph does not load")?;
        let fingerprint = fingerprint(&text);
        let known = Ok(fingerprint.clone());
        Ok(Self { file: file.to_owned(), gateway, way, limits, known, fresh: None, fingerprint, hang_ups })
    }

    /// Serves what the file holds, from one time to the next.
    pub(crate) fn gateway(&self) -> Gateway {
        self.gateway.clone()
    }

    /// Watches the file until the tasks stop.
    pub(crate) fn follow(mut self, tasks: &Tasks) {
        let stopping = tasks.stopping();
        tasks.spawn(async move {
            let looking = async {
                loop {
                    let told = tokio::select! {
                        () = self.hang_ups.next() => true,
                        () = tokio::time::sleep(PERIOD) => false,
                    };
                    self.look(told).await;
                }
            };
            stopping.run_until_cancelled(looking).await;
        });
    }

    /// Acts on what the file holds, if that is new; whoever was `told` to look acts in any case.
    async fn look(&mut self, told: bool) {
        let found = read(&self.file).await;
        let seen = found.as_ref().map(|text| fingerprint(text)).map_err(Clone::clone);
        let settled = self.fresh.as_ref() == Some(&seen);
        if !told && (seen == self.known || !settled) {
            self.fresh = (seen != self.known).then_some(seen);
            return;
        }
        self.fresh = None;
        self.act(found).await;
        self.known = seen;
    }

    async fn act(&mut self, found: Look) {
        let file = self.file.display();
        match found {
            Ok(text) => {
                let (old, new) = (&self.fingerprint, fingerprint(&text));
                match self.replace(text).await {
                    Ok(true) => {
                        tracing::info!(%file, old, new, "another supergraph is in service");
                        self.fingerprint = new;
                    }
                    Ok(false) => tracing::info!(%file, old, "the supergraph in service is the file's"),
                    Err(refusal) => {
                        let error = format!("{refusal:#}");
                        tracing::error!(%file, old, new, error, "the file's supergraph is refused, the old one stays");
                    }
                }
            }
            Err(error) => tracing::error!(%file, error, "the supergraph cannot be read, the old one stays"),
        }
    }

    /// Says whether another supergraph is in service now. Building the planner's graph takes its time, so not here.
    async fn replace(&self, text: String) -> anyhow::Result<bool> {
        let (gateway, way, limits) = (self.gateway.clone(), self.way.clone(), self.limits.clone());
        let replaced =
            tokio::task::spawn_blocking(move || anyhow::Ok(gateway.replace(&text, way.upstreams(&text)?, limits)?));
        replaced.await.context("loading it panicked")?
    }
}

impl Way {
    fn upstreams(&self, supergraph: &str) -> anyhow::Result<HashMap<String, Upstream>> {
        let mut upstreams = HashMap::new();
        for (name, url) in subgraph_urls(supergraph)? {
            let upstream = HttpUpstream::new(&name, vec![url], self.client.clone(), None);
            let upstream = upstream.with_context(|| format!("the subgraph `{name}` cannot be reached"))?;
            let upstream = if self.deduplicate { upstream.deduplicating() } else { upstream };
            upstreams.insert(name, Upstream::Http(upstream));
        }
        Ok(upstreams)
    }
}

async fn read(file: &Path) -> Look {
    // Opening a pipe could wait for ever.
    let metadata = tokio::fs::metadata(file).await.map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is not a file".to_owned());
    }
    let opened = tokio::fs::File::open(file).await.map_err(|error| error.to_string())?;
    let mut text = String::new();
    let read = opened.take(MOST_BYTES + 1).read_to_string(&mut text).await;
    let bytes = read.map_err(|error| error.to_string())?;
    if bytes as u64 > MOST_BYTES {
        return Err(format!("it has more than {MOST_BYTES} bytes"));
    }
    Ok(text)
}

/// What tells one supergraph from another in the log.
fn fingerprint(text: &str) -> String {
    HEXLOWER.encode(&digest(&SHA256, text.as_bytes()).as_ref()[..FINGERPRINT])
}

/// `SIGHUP`: look now.
struct HangUps {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
}

impl HangUps {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?,
        })
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        #[cfg(unix)]
        if self.signal.recv().await.is_some() {
            return;
        }
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn supergraph(field: &str, url: &str) -> String {
        let sdl = format!("type Query {{ {field}: Int }}");
        chatty_router::compose_located(&[("only", &sdl, Some(url))]).expect("it composes")
    }

    struct World {
        _folder: tempfile::TempDir,
        file: PathBuf,
        foreign: Foreign,
    }

    impl World {
        async fn start() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("supergraph.graphql");
            fs::write(&file, supergraph("one", "http://127.0.0.1:1/")).expect("a file");
            let foreign = Foreign::open(&file, Limits::default(), false).await.expect("it loads");
            Self { _folder: folder, file, foreign }
        }

        fn write(&self, text: &str) {
            fs::write(&self.file, text).expect("a file");
        }

        fn serves(&self, field: &str) -> bool {
            self.foreign.gateway.api_schema_sdl().contains(field)
        }
    }

    #[tokio::test]
    async fn a_text_that_stays_for_two_looks_is_served() {
        let mut w = World::start().await;
        w.write(&supergraph("two", "http://127.0.0.1:1/"));
        w.foreign.look(false).await;
        assert!(w.serves("one"), "it may still be being written");
        w.foreign.look(false).await;
        assert!(w.serves("two") && !w.serves("one"));
        // And one that changes again meanwhile is not.
        w.write(&supergraph("three", "http://127.0.0.1:1/"));
        w.foreign.look(false).await;
        w.write(&supergraph("four", "http://127.0.0.1:1/"));
        w.foreign.look(false).await;
        assert!(w.serves("two"));
        w.foreign.look(false).await;
        assert!(w.serves("four"));
    }

    #[tokio::test]
    async fn whoever_is_told_looks_at_once() {
        let mut w = World::start().await;
        w.write(&supergraph("two", "http://127.0.0.1:1/"));
        w.foreign.look(true).await;
        assert!(w.serves("two"));
    }

    #[tokio::test]
    async fn what_cannot_be_served_leaves_the_old_one_in_service_and_is_tried_once() {
        let mut w = World::start().await;
        let good = supergraph("two", "http://127.0.0.1:1/");
        let nowhere = supergraph("two", "localhost");
        for broken in ["", "type Query { a: Int }", &good[..good.len() / 2], &nowhere] {
            w.write(broken);
            for _ in 0..3 {
                w.foreign.look(false).await;
            }
            assert!(w.serves("one"), "{broken}");
            assert_eq!((&w.foreign.known, &w.foreign.fresh), (&Ok(fingerprint(broken)), &None));
        }
        fs::remove_file(&w.file).expect("it was there");
        w.foreign.look(true).await;
        fs::create_dir(&w.file).expect("a folder in its place");
        w.foreign.look(true).await;
        assert_eq!(w.foreign.known, Err("it is not a file".to_owned()));
        fs::remove_dir(&w.file).expect("it was there");
        fs::write(&w.file, b"\xff\xfe").expect("a file");
        w.foreign.look(true).await;
        assert!(w.foreign.known.is_err() && w.serves("one"));
        // A sparse one, which takes no room on the disk.
        fs::File::create(&w.file).and_then(|file| file.set_len(MOST_BYTES + 1)).expect("a file");
        w.foreign.look(true).await;
        assert_eq!(w.foreign.known, Err("it has more than 67108864 bytes".to_owned()));
        assert!(w.foreign.known.is_err() && w.serves("one"));
        w.write(&good);
        w.foreign.look(false).await;
        w.foreign.look(false).await;
        assert!(w.serves("two"), "and what is good again is served");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_link_that_is_turned_is_followed() {
        let mut w = World::start().await;
        let beside = w.file.with_file_name("next.graphql");
        fs::write(&beside, supergraph("two", "http://127.0.0.1:1/")).expect("a file");
        let link = w.file.with_file_name("link");
        std::os::unix::fs::symlink(&beside, &link).expect("a link");
        fs::rename(&link, &w.file).expect("it takes the file's place");
        w.foreign.look(true).await;
        assert!(w.serves("two"));
    }
}
