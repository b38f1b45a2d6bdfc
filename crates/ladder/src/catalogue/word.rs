//! The words around the pictures: those that belong to no reason, finding or state.

/// Declares the words with their keys.
macro_rules! words {
    ($( $word:ident = $key:literal; )*) => {
        /// A word, or a phrase with arguments, by its key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Word { $( $word, )* }

        impl Word {
            /// The keys of all. Not the words themselves, so that the compiler tells of one that nobody says.
            #[cfg(test)]
            pub(crate) const KEYS: &'static [&'static str] = &[ $( $key, )* ];

            pub(crate) const fn key(self) -> &'static str {
                match self { $( Self::$word => $key, )* }
            }
        }
    };
}

words! {
    Losses = "verdict-losses";
    Client = "role-client";
    Server = "role-server";
    LeftPeer = "role-left";
    RightPeer = "role-right";
    Someone = "role-someone";
    SomebodyElse = "role-somebody-else";
    Octets = "amount-octets";
    DataSegments = "amount-data";
    Acks = "amount-acks";
    OneFrame = "amount-frame";
    Frames = "amount-frames";
    More = "amount-more";
    Silence = "amount-silence";
    FoldData = "fold-data";
    FoldBoth = "fold-both";
    FoldAcks = "fold-acks";
    FoldBecause = "fold-because";
    NamesElsewhere = "names-elsewhere";
    NamesMeaning = "names-meaning";
    Connection = "ui-connection";
    Connections = "ui-connections";
    Healthy = "ui-healthy";
    CapturedHere = "ui-captured-here";
    Agreed = "ui-agreed";
    AgreedNothing = "ui-agreed-nothing";
    AgreedUnknown = "ui-agreed-unknown";
    Handshake = "ui-handshake";
    Rtt = "ui-rtt";
    RttParts = "ui-rtt-parts";
    Sent = "ui-sent";
    Again = "ui-again";
    NotCaptured = "ui-not-captured";
    Scale = "ui-scale";
    ScaleUnknown = "ui-scale-unknown";
    Timestamps = "ui-timestamps";
    Lost = "ui-lost";
    Dropped = "ui-dropped";
    Window = "ui-window";
    Super = "ui-super";
    Comment = "ui-comment";
    Later = "ui-later";
    NeverShown = "ui-never-shown";
    NotBefore = "ui-not-before";
    Between = "ui-between";
    Findings = "ui-findings";
    InCommon = "ui-in-common";
    NothingFound = "ui-nothing-found";
    Cause = "ui-cause";
    Else = "ui-else";
    Next = "ui-next";
    NoSegments = "ui-no-segments";
    Ends = "ui-ends";
    Verdict = "ui-verdict";
    OctetsColumn = "ui-octets";
    Worst = "ui-worst";
    Frame = "ui-frame";
    Time = "ui-time";
    From = "ui-from";
    Flags = "ui-flags";
    Length = "ui-length";
    Options = "ui-options";
    States = "ui-states";
    Why = "ui-why";
    NoConnections = "ui-no-connections";
    Number = "ui-number";
    Acknowledgment = "ui-acknowledgment";
    Reason = "ui-clause";
    Analysis = "ui-analysis";
    Became = "ui-became";
    Acknowledged = "graph-acknowledged";
    AcknowledgedBy = "graph-acknowledged-by";
    NewData = "graph-new";
    ResentData = "graph-again";
    NextNumber = "graph-next";
    InFlight = "graph-in-flight";
    NumbersOverTime = "graph-numbers";
    FlightOverTime = "graph-flight";
    RoundTrips = "graph-round-trips";
    PageTitle = "page-title";
    PageLanguage = "page-language";
    PageLadder = "page-ladder";
    PageGraphs = "page-graphs";
    PageTable = "page-table";
    PageSegments = "page-segments";
    PageHint = "page-hint";
    PageCut = "page-cut";
    PageTold = "page-told";
    PageUnlisted = "page-unlisted";
    PageMade = "page-made";
    WhatIfPlayed = "whatif-played";
    WhatIfCaptured = "whatif-captured";
    WhatIfReplayed = "whatif-replayed";
    WhatIfSame = "whatif-same";
    WhatIfParts = "whatif-parts";
    WhatIfUnmet = "whatif-unmet";
    WhatIfCut = "whatif-cut";
    WhatIfLost = "whatif-lost";
    WhatIfLate = "whatif-late";
    WhatIfTwice = "whatif-twice";
    WhatIfNothing = "whatif-nothing";
}
