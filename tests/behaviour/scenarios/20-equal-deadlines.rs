use crate::kit::*;

#[test]
fn timers_of_one_deadline_fire_in_one_turn_in_the_order_they_were_made() {
    scenario("20-equal-deadlines", |_| {
        let mut fifo = Vec::new();
        for size in 1..9 {
            let l = new_loop();
            let seen = shared(Vec::new());
            let fire = |i: usize| {
                let (l, seen) = (l.clone(), seen.clone());
                move || {
                    seen.borrow_mut().push(Some((i, l.turns(), l.time())));
                    l.call_soon(move || seen.borrow_mut().push(None)); // queued by it
                }
            };
            for i in 0..size {
                l.call_at(secs(5.0), fire(i));
            }
            l.call_at(secs(6.0), stop(&l));
            l.run_forever().unwrap();
            let seen = seen.borrow();
            let timers: Vec<_> = seen[..size].iter().flatten().collect();
            let ok = yn(timers.len() == size);
            let (_, turn, time) = timers[0];
            let one_turn = yn(timers.iter().all(|x| (&x.1, &x.2) == (turn, time)));
            let claims = format!("all first {ok}, one turn {one_turn}");
            say(format!("{size} timers: {claims}"));
            if timers.iter().map(|x| x.0).eq(0..size) {
                fifo.push(size);
            }
            l.close().unwrap();
        }
        let info = "INFO order of creation kept for sizes [1, 2]";
        leave_out(info, "here it is always kept, as the next line asserts");
        assert_eq!(fifo, [1, 2, 3, 4, 5, 6, 7, 8]);
    });
}
