//! A failure notice from its first word to its end: on the pages, by mail, in the page for a front server, in the audit, and without a
//! server too.

use std::time::Duration;

use sesshu_tests::{City, SmtpMode, SmtpSecurity, SmtpSink, wait_until};

const SOON: Duration = Duration::from_secs(30);
const FIRST: &str = "いま、予約の画面が開きにくくなっています。";
const LATER: &str = "原因がわかりました。午後3時までに直します。";
const OVER: &str = "直りました。ご迷惑をおかけしました。";

#[tokio::test]
async fn a_failure_is_told_everywhere_with_and_without_a_server() {
    let mail = SmtpSink::start(SmtpMode::Takes, SmtpSecurity::Plain);
    let config = format!(
        "[monitor.mail]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"sesshu@example.lg.jp\"\n\
         [[monitor.contact]]\nname = \"健康課\"\nmail = \"kenko@example.lg.jp\"\nalerts = false\nnotices = true\n",
        mail.port()
    );
    let mut city = City::demo().residents(20).config(config.clone()).start();
    let mut device = city.device();
    city.command(["notice", "failure", "--ja", FIRST]).run().expect_code(1).says(&["--yes"]);
    assert!(!device.get("/").await.text().contains(FIRST), "nothing is said before it is confirmed");
    city.command(["notice", "failure", "--ja", FIRST, "--en", "The pages open slowly.", "--yes"]).run().done();
    assert!(device.get("/").await.text().contains(FIRST), "the first page is made anew at once");
    assert!(device.get("/?lang=en").await.text().contains("The pages open slowly."));
    let told = device.get("/api/v1/notices").await.json();
    assert_eq!((&told["notices"][0]["kind"], &told["notices"][0]["ja"]), (&"failure".into(), &FIRST.into()), "{told}");
    wait_until("the mail to the city", SOON, || {
        mail.mails().iter().any(|mail| mail.body().contains(FIRST)).then_some(())
    });
    let page = city.data().join("notice/index.html");
    let says = |text: &str| std::fs::read_to_string(&page).is_ok_and(|page| page.contains(text)).then_some(());
    wait_until("the page for a front server", SOON, || says(FIRST));

    // The server is gone: that is when people must be told.
    city.stop();
    let file = city.files().join("notices.toml");
    std::fs::write(&file, &config).expect("a configuration");
    city.command(["notice", "update", "1", "--ja", LATER, "--yes"]).arg("--config").arg(&file).run().done();
    // The command itself delivers, and ends when it has; the mail server notes it a moment later.
    wait_until("the mail of the command", SOON, || {
        mail.mails().iter().any(|mail| mail.body().contains(LATER)).then_some(())
    });
    city.restart();
    let mut device = city.device();
    assert!(device.get("/").await.text().contains(LATER));
    wait_until("the page for a front server", SOON, || says(LATER));
    city.command(["notice", "end", "1", "--ja", OVER, "--yes"]).run().done();
    assert!(device.get("/").await.text().contains(OVER));
    city.command(["notice", "update", "1", "--ja", LATER, "--yes"]).run().expect_code(1);
    city.command(["notice", "show", "1"]).run().done().says(&[FIRST, LATER, OVER, "健康課"]);
    for reached in ["yes", "no"] {
        city.command(["notice", "called", "1", "健康課", "--reached", reached]).run().done();
    }
    city.command(["notice", "called", "1", "健康課", "--reached", "perhaps"]).run().expect_code(2);
    let record = city.command(["notice", "record", "1"]).run().done().both();
    assert!(record.contains("健康課"), "{record}");
    city.stop();
    let verified = city.verify();
    assert_eq!(verified["ok"], true, "{verified}");
}
