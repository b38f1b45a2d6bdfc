// What every page loads first.
import "./style.css";
import "./main.ts";
