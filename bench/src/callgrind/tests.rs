use super::*;

const DUMP: &str = "\
version: 1
positions: line
events: Ir

ob=(1) /bin/program
fl=(1) /src/main.rs
fn=(1) work'2'main
10 100
+1 20
fi=(2) /src/inlined.rs
5 7
fe=(1)
12 3
cob=(2) /lib/libc.so
cfi=(3) /libc/copy.c
cfn=(2) memmove'work'main
calls=4 0
12 400

ob=(2)
fl=(3)
fn=(2)
0 400

totals: 530
";

#[test]
fn own_instructions_are_told_by_way_and_file() {
    let costs = costs(DUMP).unwrap();
    let told: Vec<_> =
        costs.iter().map(|cost| (cost.stack.join("<"), &*cost.inlined_from, cost.instructions)).collect();
    let main = "work<main".to_owned();
    assert_eq!(
        told,
        [
            (main.clone(), "/src/main.rs", 100),
            (main.clone(), "/src/main.rs", 20),
            (main.clone(), "/src/inlined.rs", 7),
            (main, "/src/main.rs", 3),
            ("memmove<work<main".to_owned(), "/libc/copy.c", 400),
        ]
    );
    assert_eq!(costs[2].file, "/src/main.rs");
    assert_eq!((&*costs[0].object, &*costs[4].object), ("/bin/program", "/lib/libc.so"));
    assert_eq!(costs.iter().map(|cost| cost.instructions).sum::<u64>(), total(DUMP));
}

#[test]
fn a_line_without_a_cost_is_refused() {
    assert!(costs("fl=(1) a\nfn=(1) b\n10 many\n").unwrap_err().to_string().contains("10 many"));
}
