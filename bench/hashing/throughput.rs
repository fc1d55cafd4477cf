//! Hashes a second: by sign-ins through the subgraph's schema, and by bare argon2 on as many threads.

use std::{
    net::Ipv4Addr,
    num::{NonZeroU32, NonZeroUsize},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    thread,
    time::Instant,
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use async_graphql::{Request, Variables};
use chatty_access::{Caller, Keys};
use chatty_auth::{Auth, Config};
use chatty_bus::InProcess;
use chatty_kit::{Env, Exposure, Service, Storage, Tasks};
use chatty_types::{Clock, Cursors, Secret};
use futures_util::future::join_all;
use serde_json::json;

use crate::median;

/// How often each is measured, in turn.
const ROUNDS: usize = 7;

/// What one thread hashes in a round.
const HASHES: u32 = 40;

/// The least part of bare argon2's throughput.
const GATE: f64 = 0.9;

/// Whether the gate is passed.
pub(crate) fn measure() -> bool {
    let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let threads = NonZeroU32::try_from(threads).expect("fewer than four thousand million");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let service = runtime.block_on(open(folder.path(), threads));
    // The first round fills memory and caches.
    runtime.block_on(sign_ins(&service, threads));
    bare(threads);
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floor.push(bare(threads));
        ours.push(runtime.block_on(sign_ins(&service, threads)));
    }
    let (ours, floor) = (median(ours), median(floor));
    println!("| bare argon2 on {threads} threads | {floor:.1} hashes/s | |");
    println!("| sign-ins in process | {ours:.1} hashes/s, {:.2} of it | ≥ {GATE} |", ours / floor);
    ours / floor >= GATE
}

async fn open(folder: &std::path::Path, threads: NonZeroU32) -> Service {
    let clock = Clock::system();
    let env = Env {
        cursors: Cursors::new(&Secret::new(&[5; 32]).expect("long enough")),
        keys: Keys::default(),
        bus: Arc::new(InProcess::new(clock.clone(), &[])),
        tasks: Tasks::default(),
        public_url: "https://chatty.test".to_owned(),
        storage: Storage::folder(folder),
        exposure: Exposure::InProcess,
        clock,
    };
    // Nobody is refused, so that every sign-in is a hash.
    let config = Config { hash_threads: Some(threads), hash_wait_ms: u32::MAX, ..Config::default() };
    Auth::open(&env, &config).await.expect("auth opens").service()
}

/// Counts the sign-ins: each is for another name and from elsewhere, so that the brake refuses none.
static SIGN_INS: AtomicU32 = AtomicU32::new(0);

/// Sign-ins of people who do not exist, all at once.
async fn sign_ins(service: &Service, threads: NonZeroU32) -> f64 {
    let count = threads.get() * HASHES;
    let document = "mutation($input: LoginInput!) { login(input: $input) { errors { code } } }";
    let begun = Instant::now();
    let answers = (0..count).map(|_| {
        let number = SIGN_INS.fetch_add(1, Relaxed);
        let caller = Caller { network: Ipv4Addr::from_bits(0x0a00_0000 + number).into(), ..Caller::anonymous() };
        let input = json!({"input": {"identifier": format!("nobody_{number}"), "password": "wrong password"}});
        let request = Request::new(document).variables(Variables::from_json(input)).data(caller);
        service.subgraph.execute(request)
    });
    for answer in join_all(answers).await {
        let answer = serde_json::to_value(answer).expect("an answer is JSON");
        assert_eq!(answer["data"]["login"]["errors"][0]["code"], "BAD_CREDENTIALS", "{answer}");
    }
    f64::from(count) / begun.elapsed().as_secs_f64()
}

/// The same hashes, and nothing else.
fn bare(threads: NonZeroU32) -> f64 {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19_456, 2, 1, None).expect("valid"));
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads.get() {
            scope.spawn(|| {
                let (mut blocks, mut output) = (vec![Block::new(); argon2.params().block_count()], [0; 32]);
                for n in 0..HASHES {
                    let salt = u128::from(n).to_le_bytes();
                    argon2
                        .hash_password_into_with_memory(b"wrong password", &salt, &mut output, &mut blocks)
                        .expect("it hashes");
                }
            });
        }
    });
    f64::from(threads.get() * HASHES) / begun.elapsed().as_secs_f64()
}
