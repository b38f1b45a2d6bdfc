//! The scenarios.
/// x
pub struct Scenario;
/// y
pub struct Texts;
