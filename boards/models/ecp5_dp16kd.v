// Simulation model of ECP5's block RAM as the chip uses it: port A writes, or reads where it has an
// output register; port B reads into one; both on one clock, with words of the same width.  A word that is read in the cycle
// in which it is written is unknown, as in the device; so are other uses of the cell.  Yosys' library
// holds an empty module of this name.

module DP16KD (
    input DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9,
    input DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0,
    input ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
    input CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
    output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9,
    output DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0,
    input DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9,
    input DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0,
    input ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
    input CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
    output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9,
    output DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0
);
    parameter DATA_WIDTH_A = 18;
    parameter DATA_WIDTH_B = 18;
    parameter REGMODE_A = "NOREG";
    parameter REGMODE_B = "NOREG";
    parameter RESETMODE = "SYNC";
    parameter ASYNC_RESET_RELEASE = "SYNC";
    parameter CSDECODE_A = "0b000";
    parameter CSDECODE_B = "0b000";
    parameter WRITEMODE_A = "NORMAL";
    parameter WRITEMODE_B = "NORMAL";
    parameter GSR = "ENABLED";
    parameter CLKAMUX = "CLKA";
    parameter CLKBMUX = "CLKB";

    localparam SHIFT = DATA_WIDTH_B == 18 ? 4 : DATA_WIDTH_B == 9 ? 3 : DATA_WIDTH_B == 4 ? 2
        : DATA_WIDTH_B == 2 ? 1 : 0;
    localparam WORDS = 16384 >> SHIFT;

    wire [13:0] ada = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
    wire [13:0] adb = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
    wire [17:0] dia = {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9,
        DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0};
    wire [13-SHIFT:0] write_address = ada[13:SHIFT];
    wire [13-SHIFT:0] read_address = adb[13:SHIFT];

    reg [DATA_WIDTH_B-1:0] mem [0:WORDS-1];
    reg [DATA_WIDTH_B-1:0] latch, latch_a;
    reg [17:0] out, out_a;

    // In words of 18 bits, the lowest bits of the address enable the bytes.
    wire [17:0] enabled = DATA_WIDTH_B == 18 ? {{9{ADA1}}, {9{ADA0}}} : {18{1'b1}};
    wire writes = CEA & WEA & ~CSA2 & ~CSA1 & ~CSA0;

    always @(posedge CLKA)
        if (writes)
            mem[write_address] <= (dia & enabled) | (mem[write_address] & ~enabled);

    always @(posedge CLKA) begin
        if (CEA & ~CSA2 & ~CSA1 & ~CSA0)
            latch_a <= WEA ? {DATA_WIDTH_A{1'bx}} : mem[write_address];
        if (RSTA) out_a <= 0;
        else if (OCEA) out_a <= latch_a;
    end

    always @(posedge CLKB) begin
        if (CEB & ~CSB2 & ~CSB1 & ~CSB0)
            latch <= (writes && write_address == read_address) ? {DATA_WIDTH_B{1'bx}}
                : mem[read_address];
        if (RSTB) out <= 0;
        else if (OCEB) out <= latch;
    end

    assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9,
        DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0} = out;
    assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9,
        DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0} = REGMODE_A == "OUTREG" ? out_a : 18'bx;

    initial begin
        if (DATA_WIDTH_A != DATA_WIDTH_B || REGMODE_B != "OUTREG" || RESETMODE != "SYNC"
            || CSDECODE_A != "0b000" || CSDECODE_B != "0b000") begin
            $display("DP16KD is used in a way that its model does not have");
            $finish;
        end
    end
endmodule
